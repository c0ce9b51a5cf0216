package main

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of Terraform's answer about the schema, the same in both of its protocols.
const (
	schemasOfResources  protowire.Number = 2
	schemasOfSources    protowire.Number = 3
	serverCapabilities  protowire.Number = 6
	schemaNeedsNoAsking protowire.Number = 2 // of the capabilities: get_provider_schema_optional
)

// ofNoType are those that belong to the provider: its own schema, diagnostics, that of its modules, and what it can do.
// Every other field is an entry of a map from the name of a type or a function.
var ofNoType = []protowire.Number{1, 4, 5, serverCapabilities}

// field is one of a message: as it is written, and what it holds.
type field struct {
	number       protowire.Number
	whole, value []byte
}

func fieldsOf(message []byte) ([]field, error) {
	var found []field
	for len(message) > 0 {
		number, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return nil, protowire.ParseError(tag)
		}
		length := protowire.ConsumeFieldValue(number, kind, message[tag:])
		if length < 0 {
			return nil, protowire.ParseError(length)
		}
		found = append(found, field{number, message[:tag+length], message[tag : tag+length]})
		message = message[tag+length:]
	}
	return found, nil
}

// fields are those of the message that it holds, none if it holds anything else.
func (f field) fields() []field {
	message, _ := protowire.ConsumeBytes(f.value)
	found, _ := fieldsOf(message)
	return found
}

// key gives the key of a map's entry, "" for anything else.
func (f field) key() string {
	for _, each := range f.fields() {
		if each.number == 1 {
			key, _ := protowire.ConsumeBytes(each.value)
			return string(key)
		}
	}
	return ""
}

// onlyTypes keeps of the answer about the schema what belongs to these types, and to none. It is sorted, since a map
// comes in another order each time, and proofs that a stack is unchanged depend on every file of the plugin.
func onlyTypes(schema frame, types []string) (frame, error) {
	found, err := fieldsOf(schema)
	var kept [][]byte
	for _, each := range found {
		if slices.Contains(ofNoType, each.number) || slices.Contains(types, each.key()) {
			kept = append(kept, each.whole)
		}
	}
	slices.SortFunc(kept, bytes.Compare)
	return slices.Concat(kept...), err
}

// standsForProvider tells whether a kept answer can be given in the provider's place: it has all these types, and the
// provider says that it works without having been asked.
func standsForProvider(schema frame, types []string) bool {
	found, err := fieldsOf(schema)
	known, optional := map[string]bool{}, false
	for _, each := range found {
		switch each.number {
		case schemasOfResources, schemasOfSources:
			known[each.key()] = true
		case serverCapabilities:
			optional = slices.ContainsFunc(each.fields(), func(able field) bool {
				return able.number == schemaNeedsNoAsking && slices.Equal(able.value, []byte{1})
			})
		}
	}
	return err == nil && optional && !slices.ContainsFunc(types, func(name string) bool { return !known[name] })
}
