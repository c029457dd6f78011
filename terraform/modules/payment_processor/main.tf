# The payment service: the state of payments and refunds.

module "service" {
  source = "../service"

  name     = "payment"
  manifest = var.manifest
  home     = var.home
  topics   = var.topics
}
