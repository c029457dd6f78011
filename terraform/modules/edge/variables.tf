variable "name" {
  description = "The deployment's prefix."
  type        = string
}

variable "domain" {
  description = "The name by which the API is called."
  type        = string
}

variable "certificate_arn" {
  description = "A certificate for that name, in us-east-1."
  type        = string
}

variable "requests_by_address" {
  description = "Requests that one address may make in five minutes."
  type        = number
}

variable "gateway_host" {
  description = "The gateway's own name."
  type        = string
}

variable "secret" {
  description = "What CloudFront adds to every request, and functions know it by."
  type        = string
  sensitive   = true
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}
