# Who people and services are: a pool, the group of operators, the scopes of the routes, and a client
# for each sort of caller.

locals {
  # A scope is written as the resource server's identifier, a slash, and its own name.
  names      = [for scope in var.scopes : split("/", scope)]
  identifier = one(distinct([for parts in local.names : parts[0]]))
}

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  user_pool_tier           = var.threat_protection == "OFF" ? "ESSENTIALS" : "PLUS"
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.mfa

  username_configuration {
    case_sensitive = false
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.self_signup
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 3
  }

  dynamic "user_pool_add_ons" {
    for_each = var.threat_protection == "OFF" ? [] : [var.threat_protection]

    content {
      advanced_security_mode = user_pool_add_ons.value
    }
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  dynamic "software_token_mfa_configuration" {
    for_each = var.mfa == "OFF" ? [] : [true]

    content {
      enabled = software_token_mfa_configuration.value
    }
  }
}

# Who is in it sees everything, approves and rejects loans, freezes, reverses.
resource "aws_cognito_user_group" "operators" {
  name         = "operators"
  description  = "Sees everything; approves and rejects loans, freezes, reverses"
  user_pool_id = aws_cognito_user_pool.this.id
}

resource "aws_cognito_resource_server" "this" {
  identifier   = local.identifier
  name         = var.name
  user_pool_id = aws_cognito_user_pool.this.id

  dynamic "scope" {
    for_each = toset([for parts in local.names : parts[1]])

    content {
      scope_name        = scope.value
      scope_description = "Routes with the scope ${scope.value}"
    }
  }
}

# Where people log in, and where tokens are fetched.
resource "aws_cognito_user_pool_domain" "this" {
  domain       = var.domain
  user_pool_id = aws_cognito_user_pool.this.id
}

locals {
  # Who is taken out of a group, or disabled, is let in until his token ends.
  token_minutes = 15
}

# People: the code flow of a public client, which has no secret and proves itself by PKCE (S256). A
# token from a password alone has no scope of ours, and no route takes it.
resource "aws_cognito_user_pool_client" "people" {
  name                                 = "people"
  user_pool_id                         = aws_cognito_user_pool.this.id
  generate_secret                      = false
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", var.scope_of_people]
  callback_urls                        = var.callback_urls
  logout_urls                          = var.logout_urls
  supported_identity_providers         = ["COGNITO"]
  # None named would be more than this one; that of refresh tokens is not for those that rotate.
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  access_token_validity         = local.token_minutes
  id_token_validity             = local.token_minutes
  refresh_token_validity        = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  # Each is good for once; the grace is for an answer that was lost.
  refresh_token_rotation {
    feature                    = "ENABLED"
    retry_grace_period_seconds = 10
  }

  depends_on = [aws_cognito_resource_server.this]
}

# Services: each its own credentials, for its own scopes. Each token that is fetched is paid for: keep
# it until it ends.
resource "aws_cognito_user_pool_client" "services" {
  for_each = var.services

  name                                 = each.key
  user_pool_id                         = aws_cognito_user_pool.this.id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = [for scope in each.value : "${local.identifier}/${scope}"]
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors        = "ENABLED"
  enable_token_revocation              = true
  access_token_validity                = local.token_minutes

  token_validity_units {
    access_token = "minutes"
  }

  lifecycle {
    precondition {
      condition     = length(setsubtract(each.value, [for parts in local.names : parts[1]])) == 0
      error_message = "The service ${each.key} is given a scope that no route has; there are ${join(", ", [for parts in local.names : parts[1]])}."
    }
  }

  depends_on = [aws_cognito_resource_server.this]
}
