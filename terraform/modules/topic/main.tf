# A topic. Who listens to it is the functions' own.

resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = var.key_id
}
