variable "name" {
  description = "The name of the API."
  type        = string
}

variable "routes" {
  description = "The routes, by the names of their functions in the manifest."
  type = map(object({
    method     = string
    path       = string
    scopes     = list(string)
    function   = string
    invoke_arn = string
  }))
}

variable "issuer" {
  description = "Who issues the tokens."
  type        = string
}

variable "audience" {
  description = "The clients whose tokens are taken."
  type        = list(string)
}

variable "web_origins" {
  description = "Origins of web pages that may call; none: no page may."
  type        = list(string)
}

variable "throttle" {
  description = "Requests a second, and at once, on each route."
  type        = object({ rate = number, burst = number })
}

variable "throttles" {
  description = "The same for single routes, by the names of their functions."
  type        = map(object({ rate = number, burst = number }))
}

variable "metrics_by_route" {
  description = "Whether CloudWatch counts every route by itself, which is paid for by route."
  type        = bool
}

variable "log_days" {
  description = "How long the log is kept."
  type        = number
}

variable "key_arn" {
  description = "The customer's key; null: CloudWatch's own."
  type        = string
}
