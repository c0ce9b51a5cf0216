package main

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
)

// namesJSON is also read by the Python tests, which compare it with what pulumi_aws and the bridge declare.
//
//go:embed names.json
var namesJSON []byte

// names translates between the tokens and property names of pulumi_aws and those that the bridge derives from
// the Terraform provider.
type names struct {
	terraformTypes []string          // every Terraform type in use, sorted, each once
	toBridge       map[string]string // pulumi_aws token -> bridge token, resources and functions
	fromBridge     map[string]string // bridge token -> pulumi_aws token, resources only
	properties     map[string]map[string]string
}

func loadNames(document []byte) (*names, error) {
	var table struct {
		Resources  map[string]string            `json:"resources"`
		Functions  map[string]string            `json:"functions"`
		Properties map[string]map[string]string `json:"properties"`
	}
	if err := json.Unmarshal(document, &table); err != nil {
		return nil, err
	}
	n := &names{toBridge: map[string]string{}, fromBridge: map[string]string{}, properties: table.Properties}
	for token, terraformType := range table.Resources {
		n.toBridge[token] = bridgeResourceToken(terraformType)
		n.fromBridge[n.toBridge[token]] = token
		n.terraformTypes = append(n.terraformTypes, terraformType)
	}
	for token, terraformType := range table.Functions {
		n.toBridge[token] = bridgeFunctionToken(terraformType)
		n.terraformTypes = append(n.terraformTypes, terraformType)
	}
	slices.Sort(n.terraformTypes)
	n.terraformTypes = slices.Compact(n.terraformTypes)
	return n, nil
}

// bridgeResourceToken gives the token under which the bridge serves a Terraform resource:
// aws_vpn_gateway -> aws:index/vpnGateway:VpnGateway.
func bridgeResourceToken(terraformType string) string {
	name := pascalCase(terraformType)
	return "aws:index/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}

// bridgeFunctionToken gives the token under which the bridge serves a Terraform data source:
// aws_vpc -> aws:index/getVpc:getVpc.
func bridgeFunctionToken(terraformType string) string {
	name := "get" + pascalCase(terraformType)
	return "aws:index/" + name + ":" + name
}

func pascalCase(terraformType string) string {
	var name strings.Builder
	for word := range strings.SplitSeq(strings.TrimPrefix(terraformType, "aws_"), "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

func translate(tokens map[string]string, token string) string {
	if other, known := tokens[token]; known {
		return other
	}
	return token
}

// translateURN replaces the resource's own type; the types of its parents are left as they are, as the bridge
// reads only the last one.
func translateURN(tokens map[string]string, urn string) string {
	const typePart = 2 // urn:pulumi:<stack> :: <project> :: <parents' types$type> :: <name>
	parts := strings.SplitN(urn, "::", typePart+2)
	if len(parts) != typePart+2 {
		return urn
	}
	own := strings.LastIndex(parts[typePart], "$") + 1
	parts[typePart] = parts[typePart][:own] + translate(tokens, parts[typePart][own:])
	return strings.Join(parts, "::")
}

// typeOfURN gives the type of the resource that a URN names, "" for anything else.
func typeOfURN(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}

func invert(renamed map[string]string) map[string]string {
	inverse := make(map[string]string, len(renamed))
	for from, to := range renamed {
		inverse[to] = from
	}
	return inverse
}

// translatePath renames the first step of a property path such as `dimensions.DBInstanceIdentifier` or `tags["a"]`.
func translatePath(renamed map[string]string, path string) string {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	return translate(renamed, path[:end]) + path[end:]
}
