variable "name" {
  description = "The service's name in the manifest."
  type        = string
}

variable "manifest" {
  description = "The whole manifest."
  type        = any
}

variable "home" {
  description = "What all functions and tables of the deployment share."
  type        = any
}

variable "environment" {
  description = "Settings that this service's functions are told beside those of all."
  type        = map(string)
  default     = {}
}

variable "tables" {
  description = "ARNs of all tables by service."
  type        = map(string)
}

variable "topics" {
  description = "ARNs of topics by their names in the manifest."
  type        = map(string)
}
