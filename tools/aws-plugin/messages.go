package main

import (
	"cmp"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// A call's fields that hold a URN or a token carry these names in every request of the provider protocol.
const (
	urnField   = "urn"
	typeField  = "type"
	tokenField = "tok"
)

// tokenOf gives the type or the function that a request is about, in pulumi_aws's names.
func tokenOf(request proto.Message) string {
	message := request.ProtoReflect()
	return cmp.Or(typeOfURN(stringField(message, urnField)), stringField(message, tokenField))
}

// translateRequest renames types and properties of a request from pulumi_aws's names to the bridge's, in place,
// and gives the resource type in pulumi_aws's names, "" where the call is about no resource.
func (n *names) translateRequest(request proto.Message) string {
	message := request.ProtoReflect()
	resourceType := typeOfURN(stringField(message, urnField))
	setStringField(message, urnField, func(urn string) string { return translateURN(n.toBridge, urn) })
	setStringField(message, typeField, func(token string) string { return translate(n.toBridge, token) })
	setStringField(message, tokenField, func(token string) string { return translate(n.toBridge, token) })
	if renamed := n.properties[resourceType]; renamed != nil {
		translateProperties(message, renamed)
	}
	return resourceType
}

// translateResponse renames the properties of a response about a resource of this type back to pulumi_aws's names,
// in place.
func (n *names) translateResponse(response proto.Message, resourceType string) {
	if renamed := n.properties[resourceType]; renamed != nil {
		translateProperties(response.ProtoReflect(), invert(renamed))
	}
}

// translateErrorDetail renames the properties in the detail of a failed create or update, which carries the state
// of the half-made resource.
func (n *names) translateErrorDetail(detail *anypb.Any, resourceType string) error {
	if n.properties[resourceType] == nil {
		return nil
	}
	failed := &pulumirpc.ErrorResourceInitFailed{}
	if !detail.MessageIs(failed) {
		return nil
	}
	if err := detail.UnmarshalTo(failed); err != nil {
		return err
	}
	n.translateResponse(failed, resourceType)
	return detail.MarshalFrom(failed)
}

func stringField(message protoreflect.Message, name protoreflect.Name) string {
	field := message.Descriptor().Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.StringKind {
		return ""
	}
	return message.Get(field).String()
}

func setStringField(message protoreflect.Message, name protoreflect.Name, change func(string) string) {
	if value := stringField(message, name); value != "" {
		message.Set(message.Descriptor().Fields().ByName(name), protoreflect.ValueOfString(change(value)))
	}
}

// propertyPathFields are the protocol's fields that hold property paths.
var propertyPathFields = map[protoreflect.Name]bool{
	"ignoreChanges": true, // DiffRequest, UpdateRequest
	"replaces":      true, // DiffResponse
	"stables":       true,
	"diffs":         true,
	"property":      true, // CheckFailure
}

// translateProperties renames the top-level keys of every property map and the first step of every property path
// in a message.
func translateProperties(message protoreflect.Message, renamed map[string]string) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.Name() == "detailedDiff" {
				translateKeys(value.Map(), func(key string) string { return translatePath(renamed, key) })
			}
		case field.IsList():
			translateList(field, value.List(), renamed)
		case field.Kind() == protoreflect.MessageKind:
			if properties, isMap := value.Message().Interface().(*structpb.Struct); isMap {
				fields := properties.ProtoReflect().Mutable(structFields).Map()
				translateKeys(fields, func(key string) string { return translate(renamed, key) })
			}
		case propertyPathFields[field.Name()] && field.Kind() == protoreflect.StringKind:
			message.Set(field, protoreflect.ValueOfString(translatePath(renamed, value.String())))
		}
		return true
	})
}

var structFields = (&structpb.Struct{}).ProtoReflect().Descriptor().Fields().ByName("fields")

func translateList(field protoreflect.FieldDescriptor, list protoreflect.List, renamed map[string]string) {
	for i := range list.Len() {
		switch {
		case field.Kind() == protoreflect.MessageKind: // CheckResponse.failures
			translateProperties(list.Get(i).Message(), renamed)
		case propertyPathFields[field.Name()]:
			list.Set(i, protoreflect.ValueOfString(translatePath(renamed, list.Get(i).String())))
		}
	}
}

func translateKeys(fields protoreflect.Map, rename func(string) string) {
	moved := map[string]protoreflect.Value{}
	fields.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		if name := rename(key.String()); name != key.String() {
			moved[name] = value
			fields.Clear(key)
		}
		return true
	})
	// Set only after all are taken out, so that two properties may exchange their names.
	for name, value := range moved {
		fields.Set(protoreflect.ValueOfString(name).MapKey(), value)
	}
}
