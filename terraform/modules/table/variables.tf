variable "name" {
  description = "The table's name."
  type        = string
}

variable "spec" {
  description = "Its entry in the manifest."
  type = object({
    stream     = bool
    partition  = string
    sort       = string
    attributes = map(string)
    indexes = map(object({
      partition  = string
      sort       = string
      projection = string
    }))
    local_indexes = map(object({
      sort       = string
      projection = string
    }))
  })
}

variable "deletion_protection" {
  description = "Whether the table cannot be deleted."
  type        = bool
}

variable "point_in_time_recovery" {
  description = "Whether any second of the last 35 days can be restored."
  type        = bool
}

variable "key_arn" {
  description = "The customer's key; null: a key of AWS's own."
  type        = string
}
