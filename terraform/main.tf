# The deployment: services on their tables, topics between them, a gateway in front. What there is of
# functions, routes, subscriptions, tables and permissions stands in manifest.json, which is made from
# the code by `cargo xtask manifest`; nothing of it is repeated here.

provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ deployment = var.prefix, managed-by = "terraform" }, var.tags)
  }
}

data "aws_caller_identity" "current" {
  lifecycle {
    precondition {
      condition     = fileexists(local.artifact)
      error_message = "The functions' code ${local.artifact} is not there. Build it first, with `make lambda` in the root of the repository."
    }
  }
}

# The AWS that the region is of: its own in China and for the government of the USA.
data "aws_partition" "current" {}

locals {
  manifest = jsondecode(file("${path.module}/manifest.json"))
  account  = data.aws_caller_identity.current.account_id
  artifact = coalesce(var.artifact, "${path.module}/../target/lambda/${var.architecture}/bootstrap.zip")
  key_arn  = one(module.encryption[*].arn)
  clients  = concat([module.identity.people_client_id], values(module.identity.service_client_ids))
  scopes   = distinct(flatten([for function in local.manifest.functions : try(function.route.scopes, [])]))

  # Whether what did not come by the edge is refused.
  edge_enforced = try(var.edge.enforce, false)

  # What every function is told.
  environment = {
    TABLE_PREFIX     = var.prefix
    DEFAULT_CURRENCY = var.default_currency
    WAIT_SECONDS     = tostring(var.wait_seconds)
    TOKEN_ISSUER     = module.identity.issuer
    TOKEN_CLIENTS    = join(",", local.clients)
    LOG_LEVEL        = var.log_level
  }

  # What only those are told that answer requests: secrets, which nobody else needs.
  route_environment = merge({ CURSOR_KEY = random_bytes.cursor_key.hex }, var.edge == null ? {} : {
    EDGE_SECRET   = one(random_bytes.edge_secret[*].hex)
    EDGE_ENFORCED = tostring(local.edge_enforced)
  })

  # What all functions and tables share.
  home = {
    prefix                 = var.prefix
    account                = local.account
    region                 = var.region
    partition              = data.aws_partition.current.partition
    dns_suffix             = data.aws_partition.current.dns_suffix
    artifact               = local.artifact
    artifact_hash          = fileexists(local.artifact) ? filebase64sha256(local.artifact) : ""
    architecture           = var.architecture
    memory_mb              = var.memory_mb
    reserved_concurrency   = var.reserved_concurrency
    log_days               = var.log_days
    clock                  = var.clock
    schedule_group         = aws_scheduler_schedule_group.this.name
    key_arn                = local.key_arn
    alarms_topic_arn       = aws_sns_topic.alarms.arn
    deletion_protection    = var.deletion_protection
    point_in_time_recovery = var.point_in_time_recovery
    environment            = local.environment
    route_environment      = local.route_environment
  }
}

# Signs the cursors of lists. A new one makes open cursors invalid and nothing else.
resource "random_bytes" "cursor_key" {
  length = 32
}

# Tells functions that a request came by CloudFront.
resource "random_bytes" "edge_secret" {
  count = var.edge == null ? 0 : 1

  length = 32
}

# A group of its own, by which CloudWatch counts what becomes of the schedules.
resource "aws_scheduler_schedule_group" "this" {
  name = var.prefix
}

module "encryption" {
  source = "./modules/encryption"
  count  = var.customer_keys ? 1 : 0

  name       = var.prefix
  account    = local.account
  region     = var.region
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
}

module "topic" {
  source   = "./modules/topic"
  for_each = toset(local.manifest.topics)

  name   = "${var.prefix}-${replace(each.key, "_", "-")}"
  key_id = coalesce(local.key_arn, "alias/aws/sns")
}

locals {
  topics = { for name, topic in module.topic : name => topic.arn }
}

module "digital_wallet" {
  source = "./modules/digital_wallet"

  manifest     = local.manifest
  home         = local.home
  topics       = local.topics
  tables       = local.tables
  self_funding = var.self_funding
}

module "micro_loan" {
  source = "./modules/micro_loan"

  manifest = local.manifest
  home     = local.home
  topics   = local.topics
  tables   = local.tables
  rates    = var.loan_rates
}

module "payment_processor" {
  source = "./modules/payment_processor"

  manifest  = local.manifest
  home      = local.home
  topics    = local.topics
  tables    = local.tables
  hold_days = var.hold_days
}

module "operations" {
  source = "./modules/operations"

  manifest = local.manifest
  home     = local.home
  topics   = local.topics
  tables   = local.tables
}

locals {
  # Of all services: relays write down what they give up, operations read everything.
  tables = merge(
    module.digital_wallet.tables,
    module.micro_loan.tables,
    module.payment_processor.tables,
    module.operations.tables,
  )
  functions = merge(
    module.digital_wallet.functions,
    module.micro_loan.functions,
    module.payment_processor.functions,
    module.operations.functions,
  )
  routes = {
    for name, spec in local.manifest.functions : name => merge(spec.route, {
      function   = local.functions[name].name
      invoke_arn = local.functions[name].invoke_arn
    }) if spec.trigger == "route"
  }
}

# What lies in a queue of what could not be delivered or done becomes a record, at once.
locals {
  keeper  = one([for name, spec in local.manifest.functions : name if spec.trigger == "queue"])
  letters = merge([for function in local.functions : { for queue in values(function.queues) : queue.name => queue.arn }]...)
}

resource "aws_lambda_event_source_mapping" "letters" {
  for_each = local.letters

  event_source_arn        = each.value
  function_name           = local.functions[local.keeper].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  # Letters can wait; what made so many of them must not take the account's functions from the payments.
  scaling_config {
    maximum_concurrency = 2
  }
}

module "identity" {
  source = "./modules/identity"

  name                = var.prefix
  domain              = coalesce(var.login_domain, "${var.prefix}-${local.account}")
  scopes              = local.scopes
  callback_urls       = var.callback_urls
  logout_urls         = var.logout_urls
  services            = var.services
  self_signup         = var.self_signup
  mfa                 = var.mfa
  threat_protection   = var.threat_protection
  deletion_protection = var.deletion_protection
}

module "http_api" {
  source = "./modules/http_api"

  name             = var.prefix
  routes           = local.routes
  issuer           = module.identity.issuer
  audience         = local.clients
  web_origins      = var.web_origins
  throttle         = var.throttle
  throttles        = var.throttles
  metrics_by_route = var.metrics_by_route
  log_days         = var.log_days
  key_arn          = local.key_arn
}

module "edge" {
  source = "./modules/edge"
  count  = var.edge == null ? 0 : 1

  name                = var.prefix
  domain              = var.edge.domain
  certificate_arn     = var.edge.certificate_arn
  requests_by_address = var.edge.requests_by_address
  gateway_host        = trimprefix(module.http_api.url, "https://")
  secret              = one(random_bytes.edge_secret[*].hex)
  log_days            = var.log_days
}

# Alarms speak here.
resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot use AWS's own key for topics; it carries names of functions and numbers. With customer_keys it is encrypted.
  name              = "${var.prefix}-alarms"
  kms_master_key_id = local.key_arn
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = toset(var.alarm_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

module "dashboard" {
  source = "./modules/dashboard"

  name             = var.prefix
  region           = var.region
  api_id           = module.http_api.id
  manifest         = local.manifest
  functions        = local.functions
  topics           = { for name, topic in module.topic : name => topic.name }
  schedule_group   = aws_scheduler_schedule_group.this.name
  alarms_topic_arn = aws_sns_topic.alarms.arn
}
