variable "region" {
  description = "The region."
  type        = string
  default     = "us-east-1"
}

variable "prefix" {
  description = "Stands before every name, so that several deployments can live in one account."
  type        = string
  default     = "fintech"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.prefix))
    error_message = "The prefix must be 3 to 20 of a-z, 0-9 and -, begin with a letter and not end with -."
  }
}

variable "clock" {
  description = "Whether the schedules run: holds expire, sagas that wait too long speak again, the ledger is checked. Off while records are loaded from elsewhere; the keys of sign-in are looked for all the same."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything, beside those of the deployment itself."
  type        = map(string)
  default     = {}
}

variable "artifact" {
  description = "The functions' code, a zip; null: where `make lambda` leaves it."
  type        = string
  default     = null
}

variable "architecture" {
  description = "The processors that the code was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture must be arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory of a function in MB, which buys processor time too."
  type        = number
  default     = 256
}

variable "reserved_concurrency" {
  description = "Executions at once that are kept for single functions, by their names in the manifest. New accounts have too few to reserve any."
  type        = map(number)
  default     = {}
}

variable "default_currency" {
  description = "The currency where a request names none and no wallet gives one."
  type        = string
  default     = "USD"
}

variable "hold_days" {
  description = "Days that money is held before the hold expires, 1 to 365."
  type        = number
  default     = 7

  validation {
    condition     = var.hold_days >= 1 && var.hold_days <= 365
    error_message = "Money is held for 1 to 365 days."
  }
}

variable "self_funding" {
  description = "Whether a customer may credit a wallet of his own from outside. For trying it out only."
  type        = bool
  default     = false
}

variable "wait_seconds" {
  description = "The longest that `Prefer: wait` waits, 0 to 10 seconds. Waiting is paid for; 0 turns it off."
  type        = number
  default     = 0

  validation {
    condition     = var.wait_seconds >= 0 && var.wait_seconds <= 10
    error_message = "A request waits for 0 to 10 seconds."
  }
}

variable "loan_rates" {
  description = "The rates of loans by their months, such as 12=8.0,24=12.0,360=15.0; empty: the usual ones."
  type        = string
  default     = ""
}

variable "callback_urls" {
  description = "Where people come back to after they logged in."
  type        = list(string)
  default     = ["http://localhost:8080/"]
}

variable "logout_urls" {
  description = "Where people come back to after they logged out."
  type        = list(string)
  default     = ["http://localhost:8080/"]
}

variable "login_domain" {
  description = "The first part of the name of the pages where people log in; null: the prefix and the account's number."
  type        = string
  default     = null
}

variable "services" {
  description = "Services that call the API by a client of their own, with their scopes: api, as people have it, or payments, to capture, void and refund."
  type        = map(set(string))
  default     = {}

  validation {
    condition     = alltrue([for scopes in values(var.services) : length(scopes) > 0]) && !contains(keys(var.services), "people")
    error_message = "A service has one scope at least, and is not called people."
  }
}

variable "self_signup" {
  description = "Whether people may sign up by themselves; else who administers the pool makes them."
  type        = bool
  default     = false
}

variable "mfa" {
  description = "Whether people need a second factor: OFF, OPTIONAL or ON."
  type        = string
  default     = "OPTIONAL"

  validation {
    condition     = contains(["OFF", "OPTIONAL", "ON"], var.mfa)
    error_message = "The second factor is OFF, OPTIONAL or ON."
  }
}

variable "threat_protection" {
  description = "Whether Cognito looks for stolen passwords and odd sign-ins, which is paid for by user: OFF, AUDIT (told only) or ENFORCED."
  type        = string
  default     = "OFF"

  validation {
    condition     = contains(["OFF", "AUDIT", "ENFORCED"], var.threat_protection)
    error_message = "Threat protection is OFF, AUDIT or ENFORCED."
  }
}

variable "web_origins" {
  description = "Origins of web pages that may call the API, such as https://bank.example."
  type        = list(string)
  default     = []
}

variable "edge" {
  description = "CloudFront with a firewall before the gateway: the name by which the API is called, a certificate for it in us-east-1, how many requests one address may make in five minutes, and whether functions refuse what did not come by it, which is for when the name points at it. Paid for; null: none."
  type = object({
    domain              = string
    certificate_arn     = string
    requests_by_address = optional(number, 2000)
    enforce             = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.edge == null ? true : var.edge.requests_by_address >= 10
    error_message = "An address may make at least 10 requests in five minutes."
  }

  validation {
    condition     = var.edge == null ? true : can(regex(":us-east-1:", var.edge.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 alone."
  }
}

variable "throttle" {
  description = "Requests a second, and at once, on each route."
  type        = object({ rate = number, burst = number })
  default     = { rate = 500, burst = 250 }
}

variable "throttles" {
  description = "The same for single routes, by the names of their functions in the manifest."
  type        = map(object({ rate = number, burst = number }))
  default     = {}
}

variable "metrics_by_route" {
  description = "Whether CloudWatch counts every route by itself, which is paid for by route."
  type        = bool
  default     = false
}

variable "alarm_emails" {
  description = "Who is told of alarms. Each gets a message first, and must agree."
  type        = list(string)
  default     = []
}

variable "log_level" {
  description = "From which level on functions log: error, warn or info. Each line is paid for."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["error", "warn", "info"], var.log_level)
    error_message = "The level is error, warn or info."
  }
}

variable "log_days" {
  description = "Days that logs are kept; one of those that CloudWatch knows."
  type        = number
  default     = 365
}

variable "customer_keys" {
  description = "Whether tables, topics, logs, environments and schedules are encrypted with a key of this account's own, which is paid for."
  type        = bool
  default     = false
}

variable "point_in_time_recovery" {
  description = "Whether tables can be restored to any second of the last 35 days."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether tables and the pool cannot be deleted. Turn it off, and apply, before `destroy`."
  type        = bool
  default     = true
}
