# The wallet service: all the money.

module "service" {
  source = "../service"

  name     = "wallet"
  manifest = var.manifest
  home     = var.home
  topics   = var.topics
  tables   = var.tables

  environment = {
    SELF_FUNDING = tostring(var.self_funding)
  }
}
