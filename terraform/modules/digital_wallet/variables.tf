variable "manifest" {
  description = "The whole manifest."
  type        = any
}

variable "home" {
  description = "What all functions and tables of the deployment share."
  type        = any
}

variable "topics" {
  description = "ARNs of topics by their names in the manifest."
  type        = map(string)
}

variable "tables" {
  description = "ARNs of all tables by service."
  type        = map(string)
}

variable "self_funding" {
  description = "Whether a customer may credit a wallet of his own from outside."
  type        = bool
}
