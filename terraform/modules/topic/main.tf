# A topic. Who listens to it is the functions' own.

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:It always has a key; that of a customer, made in the same plan, has no id yet in it.
  name              = var.name
  kms_master_key_id = var.key_id
}
