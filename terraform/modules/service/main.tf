# What every service is made of: its table, if it has one, and its functions, each as the manifest says.

locals {
  functions = { for name, spec in var.manifest.functions : name => spec if spec.service == var.name }
  own       = { for name, spec in var.manifest.tables : name => spec if name == var.name }
  home      = merge(var.home, { environment = merge(var.home.environment, var.environment) })
}

module "table" {
  source   = "../table"
  for_each = local.own

  name                   = "${var.home.prefix}-${each.key}"
  spec                   = each.value
  deletion_protection    = var.home.deletion_protection
  point_in_time_recovery = var.home.point_in_time_recovery
  key_arn                = var.home.key_arn
}

module "function" {
  source   = "../function"
  for_each = local.functions

  name       = each.key
  spec       = each.value
  home       = local.home
  tables     = var.tables
  topics     = var.topics
  stream_arn = each.value.trigger == "stream" ? module.table[var.name].stream_arn : null
}
