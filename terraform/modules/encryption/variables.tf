variable "name" {
  description = "The deployment's prefix."
  type        = string
}

variable "account" {
  description = "The account's number."
  type        = string
}

variable "region" {
  description = "The region's name."
  type        = string
}
