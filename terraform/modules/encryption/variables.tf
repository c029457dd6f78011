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

variable "partition" {
  description = "The AWS that the region is of, as ARNs name it."
  type        = string
}

variable "dns_suffix" {
  description = "What the names of its services end with."
  type        = string
}
