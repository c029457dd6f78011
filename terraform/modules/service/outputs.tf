output "functions" {
  description = "The functions by their names in the manifest: name and invoke_arn."
  value = {
    for name, function in module.function :
    name => { name = function.name, arn = function.arn, invoke_arn = function.invoke_arn, queues = function.queues }
  }
}

output "tables" {
  description = "ARNs of its tables by service."
  value       = { for name, table in module.table : name => table.arn }
}
