# A service's table, with the keys and indexes that the manifest says. What lies in it is the store's.

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_119:A key of the customer's costs money and is behind the switch customer_keys; without it AWS encrypts with a key of its own.
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.spec.partition
  range_key                   = var.spec.sort
  stream_enabled              = var.spec.stream
  stream_view_type            = var.spec.stream ? "NEW_IMAGE" : null
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = var.spec.attributes

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.spec.indexes

    content {
      name            = global_secondary_index.key
      projection_type = global_secondary_index.value.projection

      key_schema {
        attribute_name = global_secondary_index.value.partition
        key_type       = "HASH"
      }

      key_schema {
        attribute_name = global_secondary_index.value.sort
        key_type       = "RANGE"
      }
    }
  }

  dynamic "local_secondary_index" {
    for_each = var.spec.local_indexes

    content {
      name            = local_secondary_index.key
      range_key       = local_secondary_index.value.sort
      projection_type = local_secondary_index.value.projection
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = var.key_arn != null
    kms_key_arn = var.key_arn
  }
}
