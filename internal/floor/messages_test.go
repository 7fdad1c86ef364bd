package floor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessages(t *testing.T) {
	var got []string
	Messages([]byte(`[{"a":{"b":"}\"{"}}, {"c":"\\"},{}]`), func(m []byte) { got = append(got, string(m)) })
	assert.Equal(t, []string{`{"a":{"b":"}\"{"}}`, `{"c":"\\"}`, `{}`}, got)
}
