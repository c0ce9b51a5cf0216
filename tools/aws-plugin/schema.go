package main

import "encoding/json"

// translateSchema renames the resources and functions of the bridge's schema, and their properties, to
// pulumi_aws's names. What no name is known for is left out: it cannot be reached.
func (n *names) translateSchema(document string) (string, error) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(document), &schema); err != nil {
		return "", err
	}
	for _, kind := range []string{"resources", "functions"} {
		byBridgeToken, _ := schema[kind].(map[string]any)
		byToken := map[string]any{}
		for token, bridgeToken := range n.toBridge {
			if member, served := byBridgeToken[bridgeToken].(map[string]any); served {
				renameMembers(member, invert(n.properties[token]))
				byToken[token] = member
			}
		}
		schema[kind] = byToken
	}
	translated, err := json.Marshal(schema)
	return string(translated), err
}

// renameMembers renames properties wherever the description of a resource mentions them: as keys, and in the lists
// of required ones.
func renameMembers(member map[string]any, renamed map[string]string) {
	for _, list := range []string{"properties", "inputProperties"} {
		properties, _ := member[list].(map[string]any)
		for from, to := range renamed {
			if property, present := properties[from]; present {
				delete(properties, from)
				properties[to] = property
			}
		}
	}
	for _, list := range []string{"required", "requiredInputs"} {
		required, _ := member[list].([]any)
		for i, property := range required {
			required[i] = translate(renamed, property.(string))
		}
	}
	if stateInputs, present := member["stateInputs"].(map[string]any); present {
		renameMembers(stateInputs, renamed)
	}
}
