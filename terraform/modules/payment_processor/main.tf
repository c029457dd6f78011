# The payment service: the state of payments and refunds. A payment's timeline reads another table: what
# the wallet answered stands in the wallet's.

module "service" {
  source = "../service"

  name     = "payment"
  manifest = var.manifest
  home     = var.home
  topics   = var.topics
  tables   = var.tables

  environment = {
    HOLD_DAYS = tostring(var.hold_days)
  }
}
