# The same resources as the stack of a tenant with one network and one VPN connection, for the benchmarks.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

variable "platform" {
  description = "The platform stack's outputs"
  type        = any
}

variable "tenant" {
  type = object({ name = string, cidr = string, session = string })
}

variable "password" {
  type      = string
  sensitive = true
}

locals {
  cell      = var.platform.cell
  tenant    = var.tenant.name
  name      = "${local.tenant}-blue"
  cidr      = var.tenant.cidr
  session   = var.tenant.session
  company   = "192.168.4.0/24"
  vpn       = "${local.name}-vpn-192-168-4-0-24"
  zones     = var.platform.availabilityZones
  host_name = "${local.tenant}.${var.platform.zoneName}"
  tunnel_ip = "${var.platform.tunnelHostAddress}/32"
  of_tenant = { "tenantnet:cell" = local.cell, "tenantnet:tenant" = local.tenant }
  of_blue   = merge(local.of_tenant, { "tenantnet:network" = "blue" })
  session_rules = {
    200 = { action = "deny", cidr = var.platform.sessionsCidr }
    300 = { action = "allow", cidr = "0.0.0.0/0" }
  }
  subnets = {
    "database-a" = { cidr = cidrsubnet(local.cidr, 2, 0), zone = local.zones[0] }
    "database-b" = { cidr = cidrsubnet(local.cidr, 2, 1), zone = local.zones[1] }
    "hosts"      = { cidr = cidrsubnet(local.cidr, 2, 2), zone = local.zones[0] }
    "spare"      = { cidr = cidrsubnet(local.cidr, 2, 3), zone = local.zones[1] }
  }
  claims = {
    session = { cidr = local.session, kind = "session-subnet" }
    blue    = { cidr = local.cidr, kind = "network" }
  }
  peerings = {
    sessions = { vpc = var.platform.sessionsVpcId, table = aws_route_table.session.id, cidr = local.session }
    services = { vpc = var.platform.servicesVpcId, table = var.platform.servicesRouteTableId, cidr = local.tunnel_ip }
  }
  encryption = ["AES256", "AES256-GCM-16"]
  integrity  = ["SHA2-256", "SHA2-384", "SHA2-512"]
  groups     = [14, 15, 16, 17, 18, 19, 20, 21]
  alarms = {
    FreeStorageSpace    = { comparison = "LessThanThreshold", threshold = 10737418240, minutes = 5 }
    CPUUtilization      = { comparison = "GreaterThanThreshold", threshold = 90, minutes = 15 }
    DatabaseConnections = { comparison = "GreaterThanThreshold", threshold = 136, minutes = 5 }
    FreeableMemory      = { comparison = "LessThanThreshold", threshold = 107374182, minutes = 15 }
  }
}

resource "aws_dynamodb_table_item" "claim" {
  for_each   = local.claims
  table_name = var.platform.claimsTable
  hash_key   = "cidr"
  item = jsonencode({
    cidr   = { S = each.value.cidr }
    tenant = { S = local.tenant }
    stack  = { S = local.tenant }
    kind   = { S = each.value.kind }
  })
}

resource "aws_subnet" "session" {
  vpc_id            = var.platform.sessionsVpcId
  cidr_block        = local.session
  availability_zone = local.zones[0]
  tags              = merge(local.of_tenant, { Name = "${local.tenant}-session" })
  depends_on        = [aws_dynamodb_table_item.claim]
}

resource "aws_route_table" "session" {
  vpc_id = var.platform.sessionsVpcId
  tags   = merge(local.of_tenant, { Name = "${local.tenant}-session" })
}

resource "aws_route_table_association" "session" {
  route_table_id = aws_route_table.session.id
  subnet_id      = aws_subnet.session.id
}

resource "aws_network_acl" "session" {
  vpc_id     = var.platform.sessionsVpcId
  subnet_ids = [aws_subnet.session.id]
  tags       = merge(local.of_tenant, { Name = "${local.tenant}-session" })
  dynamic "ingress" {
    for_each = local.session_rules
    content {
      rule_no    = ingress.key
      action     = ingress.value.action
      protocol   = "-1"
      cidr_block = ingress.value.cidr
      from_port  = 0
      to_port    = 0
    }
  }
  dynamic "egress" {
    for_each = local.session_rules
    content {
      rule_no    = egress.key
      action     = egress.value.action
      protocol   = "-1"
      cidr_block = egress.value.cidr
      from_port  = 0
      to_port    = 0
    }
  }
}

resource "aws_vpc" "network" {
  cidr_block           = local.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.of_blue, { Name = local.name })
  depends_on           = [aws_dynamodb_table_item.claim]
}

resource "aws_default_security_group" "network" {
  vpc_id = aws_vpc.network.id
  tags   = merge(local.of_blue, { Name = "${local.name}-default" })
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/tenantnet/${local.cell}/flow/${local.name}"
  retention_in_days = 90
  kms_key_id        = var.platform.kmsKeyArn
  tags              = local.of_blue
}

resource "aws_flow_log" "network" {
  vpc_id               = aws_vpc.network.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow.arn
  iam_role_arn         = var.platform.flowLogRoleArn
  tags                 = merge(local.of_blue, { Name = "${local.name}-flow" })
}

resource "aws_subnet" "network" {
  for_each          = local.subnets
  vpc_id            = aws_vpc.network.id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags              = merge(local.of_blue, { Name = "${local.name}-${each.key}" })
}

resource "aws_vpn_gateway" "network" {
  vpc_id = aws_vpc.network.id
  tags   = merge(local.of_blue, { Name = local.name })
}

resource "aws_route_table" "network" {
  vpc_id = aws_vpc.network.id
  tags   = merge(local.of_blue, { Name = local.name })
  lifecycle { ignore_changes = [route, propagating_vgws] }
}

resource "aws_route_table_association" "network" {
  for_each       = local.subnets
  route_table_id = aws_route_table.network.id
  subnet_id      = aws_subnet.network[each.key].id
}

resource "aws_vpn_gateway_route_propagation" "network" {
  route_table_id = aws_route_table.network.id
  vpn_gateway_id = aws_vpn_gateway.network.id
}

resource "aws_security_group" "network" {
  for_each    = { database = "the database of the tenant", "ping-host" = "the host to ping" }
  name        = "${local.name}-${each.key}"
  description = "${local.name}: ${each.value}"
  vpc_id      = aws_vpc.network.id
  tags        = merge(local.of_blue, { Name = "${local.name}-${each.key}" })
}

resource "aws_instance" "ping_host" {
  ami                         = var.platform.imageId
  instance_type               = "t4g.nano"
  subnet_id                   = aws_subnet.network["hosts"].id
  private_ip                  = cidrhost(local.cidr, 42)
  associate_public_ip_address = false
  vpc_security_group_ids      = [aws_security_group.network["ping-host"].id]
  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }
  root_block_device {
    volume_size = 8
    volume_type = "gp3"
    encrypted   = true
    kms_key_id  = var.platform.kmsKeyArn
  }
  tags = merge(local.of_blue, { Name = "${local.name}-ping-host" })
  lifecycle { ignore_changes = [ami] }
}

resource "aws_vpc_peering_connection" "platform" {
  for_each    = local.peerings
  vpc_id      = aws_vpc.network.id
  peer_vpc_id = each.value.vpc
  auto_accept = true
  tags        = merge(local.of_blue, { Name = "${local.name}-${each.key}" })
}

resource "aws_route" "out" {
  for_each                  = local.peerings
  route_table_id            = aws_route_table.network.id
  destination_cidr_block    = each.value.cidr
  vpc_peering_connection_id = aws_vpc_peering_connection.platform[each.key].id
}

resource "aws_route" "back" {
  for_each                  = local.peerings
  route_table_id            = each.value.table
  destination_cidr_block    = local.cidr
  vpc_peering_connection_id = aws_vpc_peering_connection.platform[each.key].id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each          = { sessions = local.session, services = local.tunnel_ip, company = local.company }
  security_group_id = aws_security_group.network["database"].id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 3306
  to_port           = 3306
  description       = each.key
  tags              = merge(local.of_blue, { Name = "${local.name}-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "ping" {
  security_group_id = aws_security_group.network["ping-host"].id
  cidr_ipv4         = local.company
  ip_protocol       = "icmp"
  from_port         = 8
  to_port           = -1
  description       = "Seattle office"
  tags              = merge(local.of_blue, { Name = "${local.vpn}-ping" })
}

resource "aws_customer_gateway" "company" {
  bgp_asn     = "65000"
  ip_address  = "198.51.100.7"
  device_name = local.vpn
  type        = "ipsec.1"
  tags        = merge(local.of_blue, { Name = local.vpn })
}

resource "aws_vpn_connection" "company" {
  customer_gateway_id                  = aws_customer_gateway.company.id
  vpn_gateway_id                       = aws_vpn_gateway.network.id
  type                                 = "ipsec.1"
  static_routes_only                   = true
  tunnel1_ike_versions                 = ["ikev2"]
  tunnel1_phase1_encryption_algorithms = local.encryption
  tunnel1_phase1_integrity_algorithms  = local.integrity
  tunnel1_phase1_dh_group_numbers      = local.groups
  tunnel1_phase1_lifetime_seconds      = 28800
  tunnel1_phase2_encryption_algorithms = local.encryption
  tunnel1_phase2_integrity_algorithms  = local.integrity
  tunnel1_phase2_dh_group_numbers      = local.groups
  tunnel1_phase2_lifetime_seconds      = 3600
  tunnel1_dpd_timeout_action           = "restart"
  tunnel1_dpd_timeout_seconds          = 30
  tunnel2_ike_versions                 = ["ikev2"]
  tunnel2_phase1_encryption_algorithms = local.encryption
  tunnel2_phase1_integrity_algorithms  = local.integrity
  tunnel2_phase1_dh_group_numbers      = local.groups
  tunnel2_phase1_lifetime_seconds      = 28800
  tunnel2_phase2_encryption_algorithms = local.encryption
  tunnel2_phase2_integrity_algorithms  = local.integrity
  tunnel2_phase2_dh_group_numbers      = local.groups
  tunnel2_phase2_lifetime_seconds      = 3600
  tunnel2_dpd_timeout_action           = "restart"
  tunnel2_dpd_timeout_seconds          = 30
  tags                                 = merge(local.of_blue, { Name = local.vpn })
}

resource "aws_vpn_connection_route" "company" {
  vpn_connection_id      = aws_vpn_connection.company.id
  destination_cidr_block = local.company
}

resource "aws_cloudwatch_metric_alarm" "tunnels" {
  for_each            = { "one-tunnel-down" = "LessThanThreshold", "both-tunnels-down" = "LessThanOrEqualToThreshold" }
  alarm_name          = "${local.vpn}-${each.key}"
  alarm_description   = each.key
  namespace           = "AWS/VPN"
  metric_name         = "TunnelState"
  dimensions          = { VpnId = aws_vpn_connection.company.id }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  threshold           = each.key == "one-tunnel-down" ? 1 : 0
  comparison_operator = each.value
  treat_missing_data  = "breaching"
  alarm_actions       = [var.platform.alarmTopicArn]
  ok_actions          = [var.platform.alarmTopicArn]
  tags                = local.of_blue
}

resource "aws_db_subnet_group" "database" {
  name        = local.name
  description = "two zones of the tenant's network"
  subnet_ids  = [aws_subnet.network["database-a"].id, aws_subnet.network["database-b"].id]
  tags        = merge(local.of_blue, { Name = local.name })
}

resource "aws_db_parameter_group" "database" {
  name   = "${local.name}-mysql84"
  family = "mysql8.4"
  dynamic "parameter" {
    for_each = { require_secure_transport = "1", slow_query_log = "1", log_output = "FILE", binlog_format = "ROW" }
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
  tags = merge(local.of_blue, { Name = "${local.name}-mysql84" })
}

resource "aws_cloudwatch_log_group" "database" {
  for_each          = toset(["error", "slowquery"])
  name              = "/aws/rds/instance/${local.name}/${each.key}"
  retention_in_days = 90
  kms_key_id        = var.platform.kmsKeyArn
  tags              = local.of_blue
}

resource "aws_db_instance" "database" {
  identifier                      = local.name
  engine                          = "mysql"
  engine_version                  = "8.4"
  instance_class                  = "db.t4g.small"
  allocated_storage               = 100
  storage_type                    = "gp3"
  storage_encrypted               = true
  kms_key_id                      = var.platform.kmsKeyArn
  multi_az                        = false
  username                        = "${local.tenant}admin"
  password                        = var.password
  db_subnet_group_name            = aws_db_subnet_group.database.name
  vpc_security_group_ids          = [aws_security_group.network["database"].id]
  publicly_accessible             = false
  parameter_group_name            = aws_db_parameter_group.database.name
  backup_retention_period         = 14
  copy_tags_to_snapshot           = true
  delete_automated_backups        = false
  deletion_protection             = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${local.name}-final"
  enabled_cloudwatch_logs_exports = ["error", "slowquery"]
  performance_insights_enabled    = false
  auto_minor_version_upgrade      = true
  apply_immediately               = true
  tags                            = merge(local.of_blue, { Name = local.name, "tenantnet:lifecycle" = "production" })
  depends_on                      = [aws_cloudwatch_log_group.database]
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.key
  namespace           = "AWS/RDS"
  metric_name         = each.key
  dimensions          = { DBInstanceIdentifier = local.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = each.value.minutes
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = "missing"
  alarm_actions       = [var.platform.alarmTopicArn]
  ok_actions          = [var.platform.alarmTopicArn]
  tags                = local.of_blue
}

resource "aws_route53_record" "endpoint" {
  zone_id = var.platform.zoneId
  name    = local.host_name
  type    = "CNAME"
  ttl     = 5
  records = [aws_db_instance.database.address]
}

resource "aws_ssm_document" "tunnel" {
  name            = "${local.cell}-${local.tenant}-tunnel"
  document_type   = "Session"
  document_format = "JSON"
  content = jsonencode({
    schemaVersion = "1.0"
    description   = "A tunnel to ${local.host_name}"
    sessionType   = "Port"
    parameters = {
      localPortNumber = {
        type           = "String"
        description    = "The port on the caller's machine"
        allowedPattern = "^[0-9]{1,5}$"
        default        = "0"
      }
    }
    properties = {
      type            = "LocalPortForwarding"
      host            = local.host_name
      portNumber      = "3306"
      localPortNumber = "{{ localPortNumber }}"
    }
  })
  tags = local.of_tenant
}

resource "aws_iam_group" "tunnel" {
  name = "${local.cell}-${local.tenant}-tunnel"
  path = "/tenantnet/"
}

resource "aws_iam_group_policy" "tunnel" {
  name  = "${local.cell}-${local.tenant}-tunnel"
  group = aws_iam_group.tunnel.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "ssm:StartSession"
        Resource = [
          "arn:aws:ec2:eu-west-1:${var.platform.accountId}:instance/${var.platform.tunnelHostId}",
          "arn:aws:ssm:eu-west-1:${var.platform.accountId}:document/${local.cell}-acme-tunnel",
        ]
        Condition = { BoolIfExists = { "ssm:SessionDocumentAccessCheck" = "true" } }
      },
    ]
  })
}
