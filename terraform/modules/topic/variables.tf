variable "name" {
  description = "The topic's name."
  type        = string
}

variable "key_id" {
  description = "The key, or its alias, that encrypts what waits in the topic."
  type        = string
}
