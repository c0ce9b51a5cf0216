"""Actions of IAM that list names, about every resource alone; written by tools/listing.py."""

_ACTIONS = """
    acm:ListAcmeEndpoints acm:ListCertificates acm:SearchCertificates autoscaling:DescribeAccountLimits
    autoscaling:DescribeAccountSettings autoscaling:DescribeAdjustmentTypes
    autoscaling:DescribeAutoScalingGroups autoscaling:DescribeAutoScalingInstances
    autoscaling:DescribeAutoScalingNotificationTypes autoscaling:DescribeInstanceRefreshes
    autoscaling:DescribeLifecycleHookTypes autoscaling:DescribeLifecycleHooks
    autoscaling:DescribeLoadBalancerTargetGroups autoscaling:DescribeLoadBalancers
    autoscaling:DescribeMetricCollectionTypes autoscaling:DescribeNotificationConfigurations
    autoscaling:DescribePolicies autoscaling:DescribeScalingActivities autoscaling:DescribeScalingProcessTypes
    autoscaling:DescribeScheduledActions autoscaling:DescribeTerminationPolicyTypes
    autoscaling:DescribeTrafficSources autoscaling:DescribeWarmPool autoscaling:GetPredictiveScalingForecast
    cloudformation:DescribeStacks cloudformation:ListAllHookResults cloudformation:ListExports
    cloudformation:ListGeneratedTemplates cloudformation:ListHookResults cloudformation:ListImports
    cloudformation:ListResourceScanRelatedResources cloudformation:ListResourceScanResources
    cloudformation:ListResourceScans cloudformation:ListStackSets cloudformation:ListStacks
    cloudformation:ListTypeRegistrations cloudformation:ListTypeVersions cloudformation:ListTypes
    dynamodb:ListBackups dynamodb:ListContributorInsights dynamodb:ListGlobalTables dynamodb:ListTables
    ec2:DescribeAccountAttributes ec2:DescribeAccountVpcEncryptionControl ec2:DescribeAddressTransfers
    ec2:DescribeAddresses ec2:DescribeAddressesAttribute ec2:DescribeAggregateIdFormat
    ec2:DescribeApplicationStatus ec2:DescribeApplicationStatusCheckAssociations
    ec2:DescribeApplicationStatusChecks ec2:DescribeAvailabilityZones
    ec2:DescribeAwsNetworkPerformanceMetricSubscriptions ec2:DescribeByoipCidrs
    ec2:DescribeCapacityBlockExtensionHistory ec2:DescribeCapacityBlockOfferings
    ec2:DescribeCapacityBlockStatus ec2:DescribeCapacityBlocks ec2:DescribeCapacityManagerDataExports
    ec2:DescribeCapacityReservationBillingRequests ec2:DescribeCapacityReservationCancellationQuotes
    ec2:DescribeCapacityReservationFleets ec2:DescribeCapacityReservationTopology
    ec2:DescribeCapacityReservations ec2:DescribeCarrierGateways ec2:DescribeClassicLinkInstances
    ec2:DescribeClientVpnEndpoints ec2:DescribeCoipPools ec2:DescribeCustomerGateways
    ec2:DescribeDeclarativePoliciesReports ec2:DescribeDhcpOptions ec2:DescribeEgressOnlyInternetGateways
    ec2:DescribeElasticGpus ec2:DescribeExportImageTasks ec2:DescribeExportTasks ec2:DescribeFastLaunchImages
    ec2:DescribeFastSnapshotRestores ec2:DescribeFlowLogs ec2:DescribeFpgaImages
    ec2:DescribeHostReservationOfferings ec2:DescribeHostReservations ec2:DescribeHosts
    ec2:DescribeIamInstanceProfileAssociations ec2:DescribeIdFormat ec2:DescribeIdentityIdFormat
    ec2:DescribeImageReferences ec2:DescribeImageUsageReportEntries ec2:DescribeImageUsageReports
    ec2:DescribeImages ec2:DescribeImportImageTasks ec2:DescribeImportSnapshotTasks
    ec2:DescribeInstanceConnectEndpoints ec2:DescribeInstanceCreditSpecifications
    ec2:DescribeInstanceEventNotificationAttributes ec2:DescribeInstanceEventWindows
    ec2:DescribeInstanceImageMetadata ec2:DescribeInstanceSqlHaHistoryStates ec2:DescribeInstanceSqlHaStates
    ec2:DescribeInstanceStatus ec2:DescribeInstanceTopology ec2:DescribeInstanceTypeOfferings
    ec2:DescribeInstanceTypes ec2:DescribeInstances ec2:DescribeInternetGateways ec2:DescribeIpamByoasn
    ec2:DescribeIpamExternalResourceVerificationTokens ec2:DescribeIpamInternetRegistryAssociations
    ec2:DescribeIpamPolicies ec2:DescribeIpamPoolAllocations ec2:DescribeIpamPools
    ec2:DescribeIpamPrefixListResolverTargets ec2:DescribeIpamPrefixListResolvers
    ec2:DescribeIpamResourceDiscoveries ec2:DescribeIpamResourceDiscoveryAssociations ec2:DescribeIpamScopes
    ec2:DescribeIpams ec2:DescribeIpv6Pools ec2:DescribeKeyPairs ec2:DescribeLaunchTemplates
    ec2:DescribeLocalGatewayRouteTablePermissions
    ec2:DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations
    ec2:DescribeLocalGatewayRouteTableVpcAssociations ec2:DescribeLocalGatewayRouteTables
    ec2:DescribeLocalGatewayVirtualInterfaceGroups ec2:DescribeLocalGatewayVirtualInterfaces
    ec2:DescribeLocalGateways ec2:DescribeLockedSnapshots ec2:DescribeMacHosts
    ec2:DescribeMacModificationTasks ec2:DescribeManagedPrefixLists ec2:DescribeMovingAddresses
    ec2:DescribeNatGateways ec2:DescribeNetworkAcls ec2:DescribeNetworkInsightsAccessScopeAnalyses
    ec2:DescribeNetworkInsightsAccessScopes ec2:DescribeNetworkInsightsAnalyses
    ec2:DescribeNetworkInsightsPaths ec2:DescribeNetworkInterfaceAttribute
    ec2:DescribeNetworkInterfacePermissions ec2:DescribeNetworkInterfaces ec2:DescribeOutpostLags
    ec2:DescribePlacementGroups ec2:DescribePrefixLists ec2:DescribePrincipalIdFormat
    ec2:DescribePublicIpv4Pools ec2:DescribeRegions ec2:DescribeReplaceRootVolumeTasks
    ec2:DescribeReservedInstances ec2:DescribeReservedInstancesListings
    ec2:DescribeReservedInstancesModifications ec2:DescribeReservedInstancesOfferings
    ec2:DescribeRouteServerEndpoints ec2:DescribeRouteServerPeers ec2:DescribeRouteServers
    ec2:DescribeRouteTables ec2:DescribeScheduledInstanceAvailability ec2:DescribeScheduledInstances
    ec2:DescribeSecondaryInterfaces ec2:DescribeSecondaryNetworks ec2:DescribeSecondarySubnets
    ec2:DescribeSecurityGroupRules ec2:DescribeSecurityGroupVpcAssociations ec2:DescribeSecurityGroups
    ec2:DescribeServiceLinkVirtualInterfaces ec2:DescribeSnapshotTierStatus ec2:DescribeSnapshots
    ec2:DescribeSpotDatafeedSubscription ec2:DescribeSpotPriceHistory ec2:DescribeStaleSecurityGroups
    ec2:DescribeStoreImageTasks ec2:DescribeSubnets ec2:DescribeTags ec2:DescribeTrafficMirrorFilterRules
    ec2:DescribeTrafficMirrorFilters ec2:DescribeTrafficMirrorSessions ec2:DescribeTrafficMirrorTargets
    ec2:DescribeTransitGatewayAttachments ec2:DescribeTransitGatewayConnectPeers
    ec2:DescribeTransitGatewayConnects ec2:DescribeTransitGatewayMeteringPolicies
    ec2:DescribeTransitGatewayMulticastDomains ec2:DescribeTransitGatewayPeeringAttachments
    ec2:DescribeTransitGatewayPolicyTables ec2:DescribeTransitGatewayRouteTableAnnouncements
    ec2:DescribeTransitGatewayRouteTables ec2:DescribeTransitGatewayVpcAttachments ec2:DescribeTransitGateways
    ec2:DescribeTrunkInterfaceAssociations ec2:DescribeVerifiedAccessEndpoints
    ec2:DescribeVerifiedAccessGroups ec2:DescribeVerifiedAccessInstanceLoggingConfigurations
    ec2:DescribeVerifiedAccessInstanceWebAclAssociations ec2:DescribeVerifiedAccessInstances
    ec2:DescribeVolumeStatus ec2:DescribeVolumes ec2:DescribeVolumesModifications
    ec2:DescribeVpcBlockPublicAccessExclusions ec2:DescribeVpcBlockPublicAccessOptions
    ec2:DescribeVpcClassicLink ec2:DescribeVpcClassicLinkDnsSupport ec2:DescribeVpcEncryptionControls
    ec2:DescribeVpcEndpointAssociations ec2:DescribeVpcEndpointConnectionNotifications
    ec2:DescribeVpcEndpointConnections ec2:DescribeVpcEndpointServiceConfigurations
    ec2:DescribeVpcEndpointServices ec2:DescribeVpcEndpoints ec2:DescribeVpcPeeringConnections
    ec2:DescribeVpcs ec2:DescribeVpnConcentrators ec2:DescribeVpnGateways
    ec2:GetCapacityManagerMonitoredTagKeys ec2:GetInstanceMetadataDefaults
    ec2:GetInstanceTypesFromInstanceRequirements ec2:GetManagedResourceVisibility
    ec2:GetTransitGatewayAttachmentPropagations ec2:GetTransitGatewayPrefixListReferences
    ec2:GetTransitGatewayRouteTableAssociations ec2:GetTransitGatewayRouteTablePropagations
    ec2:GetVpnConnectionDeviceTypes ec2:ListImagesInRecycleBin ec2:ListSnapshotsInRecycleBin
    ec2:ListVolumesInRecycleBin ecs:ListClusters ecs:ListDaemonTaskDefinitions ecs:ListDaemons
    ecs:ListGatewayRoutes ecs:ListServices ecs:ListServicesByNamespace ecs:ListTaskDefinitionFamilies
    ecs:ListTaskDefinitions eks:ListAccessPolicies eks:ListClusters eks:ListEksAnywhereSubscriptions
    elasticfilesystem:DescribeAccessPoints elasticfilesystem:DescribeAccountPreferences
    elasticfilesystem:DescribeFileSystems elasticfilesystem:DescribeReplicationConfigurations
    elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeWebACLAssociation
    events:ListApiDestinations events:ListArchives events:ListConnections events:ListEndpoints
    events:ListEventBuses events:ListEventSources events:ListPartnerEventSources events:ListReplays
    events:ListRuleNamesByTarget events:ListRules events:ListSubscribers events:ListTagsForResource
    events:ListTargetsByRule firehose:ListDeliveryStreams iam:GetAccountSummary iam:ListAccountAliases
    iam:ListCloudFrontPublicKeys iam:ListDelegationRequests iam:ListGroups iam:ListInstanceProfiles
    iam:ListOpenIDConnectProviders iam:ListOrganizationsFeatures iam:ListPolicies iam:ListRoles
    iam:ListSAMLProviders iam:ListSTSRegionalEndpointsStatus iam:ListServerCertificates iam:ListUsers
    iam:ListVirtualMFADevices kms:ListAliases kms:ListKeys kms:ListRetirableGrants
    lambda:ListCapacityProviders lambda:ListCodeSigningConfigs lambda:ListEventSourceMappings
    lambda:ListLayerVersions lambda:ListLayers lambda:ListManagedMicrovmImages lambda:ListMicrovmImages
    lambda:ListMicrovms lambda:ListNetworkConnectors lambda:ListWebFunctions logs:DescribeAccountPolicies
    logs:DescribeConfigurationTemplates logs:DescribeDeliveries logs:DescribeDeliveryDestinations
    logs:DescribeDeliverySources logs:DescribeDestinations logs:DescribeExportTasks logs:DescribeFieldIndexes
    logs:DescribeImportTaskBatches logs:DescribeImportTasks logs:DescribeIndexPolicies logs:DescribeLogGroups
    logs:DescribeResourcePolicies logs:ListAggregateLogGroupSummaries logs:ListEntitiesForLogGroup
    logs:ListIntegrations logs:ListLogDeliveries logs:ListLogGroups logs:ListLogGroupsForEntity
    logs:ListLogGroupsForQuery logs:ListSourcesForS3TableIntegration logs:ListSyslogConfigurations
    rds:DescribeAccountAttributes rds:DescribeCertificates rds:DescribeDBEngineVersions
    rds:DescribeDBMajorEngineVersions rds:DescribeEngineDefaultClusterParameters
    rds:DescribeEngineDefaultParameters rds:DescribeEventCategories rds:DescribeOptionGroupOptions
    rds:DescribeOrderableDBInstanceOptions rds:DescribeReservedDBInstancesOfferings rds:DescribeSourceRegions
    route53:GetCheckerIpRanges route53:GetGeoLocation route53:GetHealthCheckCount route53:GetHostedZoneCount
    route53:ListCidrCollections route53:ListHostedZones route53:ListHostedZonesByName
    route53:ListHostedZonesByVPC route53:ListTrafficPolicies s3:ListAccessGrantsInstances s3:ListAccessPoints
    s3:ListAccessPointsForObjectLambda s3:ListAllMyBuckets s3:ListJobs s3:ListMultiRegionAccessPoints
    s3:ListStorageLensConfigurations s3:ListStorageLensGroups scheduler:ListScheduleGroups
    scheduler:ListSchedules scheduler:ListSchedulesByTarget secretsmanager:ListSecrets
    sns:ListPlatformApplications sns:ListTopics
"""
LISTING = frozenset(_ACTIONS.split())
