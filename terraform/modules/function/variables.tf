variable "name" {
  description = "The function's name in the manifest, which is its handler's too."
  type        = string
}

variable "spec" {
  description = "Its entry in the manifest."
  type = object({
    service  = string
    trigger  = string
    schedule = optional(string)
    # It reads all there is: it may take as long as any function may, and has the memory for it.
    reads_everything = optional(bool, false)
    subscription = optional(object({
      topic         = string
      filter_policy = map(list(string))
    }))
    tables    = map(list(string))
    indexes   = map(list(string))
    items     = optional(list(object({ table = string, key = string, actions = list(string) })), [])
    denied    = optional(list(object({ table = string, key = string, actions = list(string) })), [])
    publishes = list(string)
    invokes   = optional(list(string), [])
    letters   = optional(map(list(string)), {})
  })
}

variable "tables" {
  description = "ARNs of tables by their services."
  type        = map(string)
}

variable "topics" {
  description = "ARNs of topics by their names in the manifest."
  type        = map(string)
}

variable "stream_arn" {
  description = "The stream that a relay reads; null for the others."
  type        = string
  default     = null
}

variable "home" {
  description = "What all functions of the deployment share."
  type = object({
    prefix               = string
    artifact             = string
    artifact_hash        = string
    architecture         = string
    memory_mb            = number
    environment          = map(string)
    route_environment    = map(string)
    reserved_concurrency = map(number)
    log_days             = number
    clock                = bool
    schedule_group       = string
    key_arn              = string
    alarms_topic_arn     = string
    account              = string
    region               = string
    partition            = string
    dns_suffix           = string
  })
}
