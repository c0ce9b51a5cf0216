package main

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestTheSchemaNamesResourcesFunctionsAndPropertiesAsPulumiDoes(t *testing.T) {
	translated, err := loaded(t).translateSchema(`{
		"name": "aws",
		"resources": {
			"aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm": {
				"properties": {"alarmName": {"type": "string"}, "period": {"type": "integer"}},
				"required": ["alarmName", "period"],
				"inputProperties": {"alarmName": {"type": "string"}},
				"requiredInputs": ["alarmName"],
				"stateInputs": {"properties": {"alarmName": {"type": "string"}}, "type": "object"}
			},
			"aws:index/notInUse:NotInUse": {}
		},
		"functions": {"aws:index/getKmsKey:getKmsKey": {}}
	}`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
		"name": "aws",
		"resources": {
			"aws:cloudwatch/metricAlarm:MetricAlarm": {
				"properties": {"name": {"type": "string"}, "period": {"type": "integer"}},
				"required": ["name", "period"],
				"inputProperties": {"name": {"type": "string"}},
				"requiredInputs": ["name"],
				"stateInputs": {"properties": {"name": {"type": "string"}}, "type": "object"}
			}
		},
		"functions": {"aws:kms/getKey:getKey": {}}
	}`
	var gotValue, wantValue any
	if err := json.Unmarshal([]byte(translated), &gotValue); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wantValue); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotValue, wantValue) {
		t.Errorf("got %s", translated)
	}
}
