variable "name" {
  description = "The pool's name."
  type        = string
}

variable "domain" {
  description = "The first part of the name of the pages where people log in; unique in the region."
  type        = string
}

variable "scopes" {
  description = "Every scope of every route, as identifier/name."
  type        = list(string)
}

variable "scope_of_people" {
  description = "The one that people's tokens have."
  type        = string
  default     = "fintech/api"

  validation {
    condition     = contains(var.scopes, var.scope_of_people)
    error_message = "No route of the manifest has the scope of people."
  }
}

variable "callback_urls" {
  description = "Where people come back to after they logged in."
  type        = list(string)
}

variable "logout_urls" {
  description = "Where people come back to after they logged out."
  type        = list(string)
}

variable "services" {
  description = "Services with a client of their own, and the names of their scopes."
  type        = map(set(string))
}

variable "self_signup" {
  description = "Whether people may sign up by themselves."
  type        = bool
}

variable "mfa" {
  description = "Whether people need a second factor: OFF, OPTIONAL or ON."
  type        = string
}

variable "threat_protection" {
  description = "Whether stolen passwords and odd sign-ins are looked for: OFF, AUDIT or ENFORCED."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the pool cannot be deleted."
  type        = bool
}
