"""How each type of Terraform's resources is created in the emulator, by AWS's own API, and which are
not, with the reason. Each takes what was created before (up.Created) and the resource's values.
Not in here: where the values come from, and whose made-up ids they name (up.py)."""

import re

# Types whose absence changes nothing that can be seen in an emulator, with the reason.
NOT_CREATED = {
    "aws_cloudwatch_metric_alarm": "the emulator keeps alarms and never evaluates them",
    "aws_cloudwatch_dashboard": "nobody looks at it",
    "aws_cloudwatch_log_metric_filter": "the emulator counts nothing",
    "aws_cloudwatch_log_group": "the emulator makes a function's group itself, and keeps no access log",
    "aws_cloudwatch_query_definition": "nobody looks at it",
    "aws_cognito_user_pool_domain": "the emulator serves every pool's sign-in on its own address",
    "aws_kms_key": "the emulator does not encrypt",
    "aws_kms_alias": "the emulator does not encrypt",
    "aws_kms_key_policy": "the emulator does not encrypt",
    "aws_lambda_permission": "the emulator lets topics, gateways and schedules call every function",
    "aws_sqs_queue_policy": "the emulator lets topics and functions send to every queue",
    "aws_sns_topic_policy": "the emulator lets this account publish by its roles alone",
    "aws_resourcegroups_group": "nobody looks at it",
    "aws_budgets_budget": "nothing is paid for",
    "random_id": "its value stands where it is used",
    "random_password": "its value stands where it is used",
    "random_bytes": "its value stands where it is used",
    "terraform_data": "it is nothing of AWS",
}


def block(values, name):
    """A block that may be there once."""
    return (values.get(name) or [{}])[0]


def given(**arguments):
    """Arguments of a call without those that are not set."""
    return {name: value for name, value in arguments.items() if value not in (None, "", [], {})}


def create_queue(created, values):
    attributes = given(
        VisibilityTimeout=values.get("visibility_timeout_seconds"),
        MessageRetentionPeriod=values.get("message_retention_seconds"),
        RedrivePolicy=values.get("redrive_policy"),
    )
    attributes = {name: str(value) for name, value in attributes.items()}
    answer = created.aws("sqs").create_queue(QueueName=values["name"], Attributes=attributes)
    created.name(values.get("url") or values.get("id"), answer["QueueUrl"])


def create_topic(created, values):
    answer = created.aws("sns").create_topic(Name=values["name"])
    created.name(values["arn"], answer["TopicArn"])


def create_table(created, values):
    stream = None
    if values.get("stream_enabled"):
        stream = {"StreamEnabled": True, "StreamViewType": values["stream_view_type"]}
    answer = created.aws("dynamodb").create_table(
        TableName=values["name"],
        BillingMode=values["billing_mode"],
        AttributeDefinitions=[
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in values["attribute"]
        ],
        KeySchema=key_schema(values),
        DeletionProtectionEnabled=bool(values.get("deletion_protection_enabled")),
        **given(
            GlobalSecondaryIndexes=[index(values, each) for each in values.get("global_secondary_index", [])],
            LocalSecondaryIndexes=[index(values, each) for each in values.get("local_secondary_index", [])],
            StreamSpecification=stream,
        ),
    )
    # The stream's name is the moment of its making.
    created.name(values.get("stream_arn"), answer["TableDescription"].get("LatestStreamArn"))


def index(table, values):
    keys = dict(values)
    if "key_schema" not in values:
        # A local index has the table's partition.
        keys.setdefault("hash_key", table["hash_key"])
    projection = given(
        ProjectionType=values["projection_type"], NonKeyAttributes=values.get("non_key_attributes")
    )
    return {"IndexName": values["name"], "KeySchema": key_schema(keys), "Projection": projection}


def key_schema(values):
    if "key_schema" in values:
        return [
            {"AttributeName": key["attribute_name"], "KeyType": key["key_type"]} for key in values["key_schema"]
        ]
    keys = [{"AttributeName": values["hash_key"], "KeyType": "HASH"}]
    if "range_key" in values:
        keys.append({"AttributeName": values["range_key"], "KeyType": "RANGE"})
    return keys


def create_parameter(created, values):
    created.aws("ssm").put_parameter(Name=values["name"], Type=values["type"], Value=values["value"])


def create_role(created, values):
    path = values.get("path") or "/"
    answer = created.aws("iam").create_role(
        RoleName=values["name"], Path=path, AssumeRolePolicyDocument=values["assume_role_policy"]
    )
    created.name(values["arn"], answer["Role"]["Arn"])


def create_role_policy(created, values):
    created.aws("iam").put_role_policy(
        RoleName=values["role"], PolicyName=values["name"], PolicyDocument=values["policy"]
    )


def create_policy(created, values):
    answer = created.aws("iam").create_policy(PolicyName=values["name"], PolicyDocument=values["policy"])
    created.name(values["arn"], answer["Policy"]["Arn"])


def attach_policy(created, values):
    created.aws("iam").attach_role_policy(RoleName=values["role"], PolicyArn=values["policy_arn"])


def create_function(created, values):
    variables = block(values, "environment").get("variables")
    created.aws("lambda").create_function(
        FunctionName=values["function_name"],
        Runtime=values["runtime"],
        Role=values["role"],
        Handler=values["handler"],
        Code=created.code,
        **given(
            Architectures=values.get("architectures"),
            Timeout=values.get("timeout"),
            MemorySize=values.get("memory_size"),
            Environment={"Variables": variables} if variables else None,
        ),
    )


def configure_invocation(created, values):
    failed = block(block(values, "destination_config"), "on_failure").get("destination")
    created.aws("lambda").put_function_event_invoke_config(
        FunctionName=values["function_name"],
        **given(
            MaximumRetryAttempts=values.get("maximum_retry_attempts"),
            MaximumEventAgeInSeconds=values.get("maximum_event_age_in_seconds"),
            DestinationConfig={"OnFailure": {"Destination": failed}} if failed else None,
        ),
    )


def create_mapping(created, values):
    failed = block(block(values, "destination_config"), "on_failure").get("destination_arn")
    filters = block(values, "filter_criteria").get("filter", [])
    retries = values.get("maximum_retry_attempts")
    created.aws("lambda").create_event_source_mapping(
        EventSourceArn=values["event_source_arn"],
        FunctionName=values["function_name"],
        **given(
            StartingPosition=values.get("starting_position"),
            BatchSize=values.get("batch_size"),
            MaximumBatchingWindowInSeconds=values.get("maximum_batching_window_in_seconds"),
            BisectBatchOnFunctionError=values.get("bisect_batch_on_function_error"),
            MaximumRetryAttempts=retries,
            MaximumRecordAgeInSeconds=values.get("maximum_record_age_in_seconds"),
            FunctionResponseTypes=values.get("function_response_types"),
            FilterCriteria={"Filters": [{"Pattern": each["pattern"]} for each in filters]} if filters else None,
            DestinationConfig={"OnFailure": {"Destination": failed}} if failed else None,
        ),
    )


def subscribe(created, values):
    attributes = given(
        FilterPolicy=values.get("filter_policy"),
        FilterPolicyScope=values.get("filter_policy_scope"),
        RedrivePolicy=values.get("redrive_policy"),
        RawMessageDelivery="true" if values.get("raw_message_delivery") else None,
    )
    created.aws("sns").subscribe(
        TopicArn=values["topic_arn"],
        Protocol=values["protocol"],
        Endpoint=values["endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )


def create_pool(created, values):
    answer = created.aws("cognito-idp").create_user_pool(
        PoolName=values["name"], **given(UsernameAttributes=values.get("username_attributes"))
    )
    created.pool_id = answer["UserPool"]["Id"]
    created.name(values["id"], created.pool_id)


def create_resource_server(created, values):
    created.aws("cognito-idp").create_resource_server(
        UserPoolId=values["user_pool_id"],
        Identifier=values["identifier"],
        Name=values["name"],
        Scopes=[
            {"ScopeName": scope["scope_name"], "ScopeDescription": scope["scope_description"]}
            for scope in values.get("scope", [])
        ],
    )


def create_group(created, values):
    created.aws("cognito-idp").create_group(UserPoolId=values["user_pool_id"], GroupName=values["name"])


def units(client):
    """What a client's tokens are good for is counted in."""
    names = {"access_token": "AccessToken", "id_token": "IdToken", "refresh_token": "RefreshToken"}
    said = block(client, "token_validity_units")
    return {theirs: said[ours] for ours, theirs in names.items() if ours in said}


def create_oauth_client(created, values):
    answer = created.aws("cognito-idp").create_user_pool_client(
        UserPoolId=values["user_pool_id"],
        ClientName=values["name"],
        **given(
            GenerateSecret=values.get("generate_secret"),
            AllowedOAuthFlows=values.get("allowed_oauth_flows"),
            AllowedOAuthScopes=values.get("allowed_oauth_scopes"),
            AllowedOAuthFlowsUserPoolClient=values.get("allowed_oauth_flows_user_pool_client"),
            CallbackURLs=values.get("callback_urls"),
            LogoutURLs=values.get("logout_urls"),
            SupportedIdentityProviders=values.get("supported_identity_providers"),
            ExplicitAuthFlows=values.get("explicit_auth_flows"),
            AccessTokenValidity=values.get("access_token_validity"),
            TokenValidityUnits=units(values),
        ),
    )
    client = answer["UserPoolClient"]
    created.name(values["id"], client["ClientId"])
    created.oauth_clients[values["name"]] = {
        "id": client["ClientId"],
        "secret": client.get("ClientSecret"),
        "callback": (values.get("callback_urls") or [None])[0],
        "scopes": values.get("allowed_oauth_scopes", []),
    }


def create_api(created, values):
    answer = created.aws("apigatewayv2").create_api(Name=values["name"], ProtocolType=values["protocol_type"])
    created.api_id = answer["ApiId"]
    created.name(values["id"], created.api_id)


def create_authorizer(created, values):
    token = block(values, "jwt_configuration")
    answer = created.aws("apigatewayv2").create_authorizer(
        ApiId=values["api_id"],
        AuthorizerType=values["authorizer_type"],
        Name=values["name"],
        IdentitySource=values["identity_sources"],
        JwtConfiguration={"Audience": token["audience"], "Issuer": token["issuer"]},
    )
    created.short["authorizer", values["id"]] = answer["AuthorizerId"]


def create_integration(created, values):
    # Terraform names the function by the gateway's own form of its ARN.
    uri = values["integration_uri"]
    function = re.search(r"arn:aws:lambda:[^/]*:function:[^/]+", uri)
    answer = created.aws("apigatewayv2").create_integration(
        ApiId=values["api_id"],
        IntegrationType=values["integration_type"],
        IntegrationUri=function.group(0) if function else uri,
        PayloadFormatVersion=values["payload_format_version"],
        **given(TimeoutInMillis=values.get("timeout_milliseconds")),
    )
    created.short["integration", values["id"]] = answer["IntegrationId"]


def create_route(created, values):
    integration = created.short["integration", values["target"].removeprefix("integrations/")]
    authorizer = values.get("authorizer_id")
    created.aws("apigatewayv2").create_route(
        ApiId=values["api_id"],
        RouteKey=values["route_key"],
        Target=f"integrations/{integration}",
        **given(
            AuthorizationType=values.get("authorization_type"),
            AuthorizerId=created.short["authorizer", authorizer] if authorizer else None,
            AuthorizationScopes=values.get("authorization_scopes"),
        ),
    )


def create_stage(created, values):
    created.aws("apigatewayv2").create_stage(
        ApiId=values["api_id"], StageName=values["name"], AutoDeploy=bool(values.get("auto_deploy"))
    )


def create_schedule_group(created, values):
    created.aws("scheduler").create_schedule_group(Name=values["name"])


def create_schedule(created, values):
    target = block(values, "target")
    retries = block(target, "retry_policy")
    dead_letters = block(target, "dead_letter_config").get("arn")
    created.aws("scheduler").create_schedule(
        Name=values["name"],
        ScheduleExpression=values["schedule_expression"],
        FlexibleTimeWindow=given(
            Mode=block(values, "flexible_time_window").get("mode", "OFF"),
            MaximumWindowInMinutes=block(values, "flexible_time_window").get("maximum_window_in_minutes"),
        ),
        Target=given(
            Arn=target["arn"],
            RoleArn=target["role_arn"],
            Input=target.get("input"),
            RetryPolicy=given(
                MaximumRetryAttempts=retries.get("maximum_retry_attempts"),
                MaximumEventAgeInSeconds=retries.get("maximum_event_age_in_seconds"),
            ),
            DeadLetterConfig={"Arn": dead_letters} if dead_letters else None,
        ),
        **given(GroupName=values.get("group_name")),
    )


# What is created, in this order: what is named before what names it.
CREATE = {
    "aws_sqs_queue": create_queue,
    "aws_sns_topic": create_topic,
    "aws_dynamodb_table": create_table,
    "aws_ssm_parameter": create_parameter,
    "aws_iam_role": create_role,
    "aws_iam_role_policy": create_role_policy,
    "aws_iam_policy": create_policy,
    "aws_iam_role_policy_attachment": attach_policy,
    "aws_cognito_user_pool": create_pool,
    "aws_cognito_resource_server": create_resource_server,
    "aws_cognito_user_group": create_group,
    "aws_cognito_user_pool_client": create_oauth_client,
    "aws_lambda_function": create_function,
    "aws_lambda_function_event_invoke_config": configure_invocation,
    "aws_lambda_event_source_mapping": create_mapping,
    "aws_sns_topic_subscription": subscribe,
    "aws_apigatewayv2_api": create_api,
    "aws_apigatewayv2_authorizer": create_authorizer,
    "aws_apigatewayv2_integration": create_integration,
    "aws_apigatewayv2_route": create_route,
    "aws_apigatewayv2_stage": create_stage,
    "aws_scheduler_schedule_group": create_schedule_group,
    "aws_scheduler_schedule": create_schedule,
}
