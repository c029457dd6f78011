variable "name" {
  description = "The deployment's prefix."
  type        = string
}

variable "region" {
  description = "The region's name."
  type        = string
}

variable "api_id" {
  description = "The API's id."
  type        = string
}

variable "manifest" {
  description = "The whole manifest."
  type        = any
}

variable "functions" {
  description = "The functions by their names in the manifest."
  type        = any
}

variable "topics" {
  description = "Names of topics by their names in the manifest."
  type        = map(string)
}

variable "schedule_group" {
  description = "The group of the clock's schedules."
  type        = string
}

variable "alarms_topic_arn" {
  description = "Where alarms speak."
  type        = string
}
