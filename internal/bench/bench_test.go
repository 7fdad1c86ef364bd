package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the processes that a run starts be this program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"-serve", "-work", "-fleet-server"}, os.Args[1]) {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestShortRun_fillsEveryRow(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-short"}, nil, &out))
	for _, r := range rows() {
		assert.Contains(t, out.String(), "| "+r.title+" | ")
	}
	assert.NotContains(t, out.String(), "NaN")
	assert.NotContains(t, out.String(), "Inf")
}

func TestLine_comparesWithTargets(t *testing.T) {
	r := row{title: "work", metric: "cpu", unit: "µs", ofRatio: true, must: 1.5, aim: 1.2}
	got := &result{}
	for _, ours := range []float64{26, 24, 90} {
		got.floor = append(got.floor, metrics{"cpu": 20})
		got.ours = append(got.ours, metrics{"cpu": ours})
	}
	assert.Equal(t, "| work | 20.0 µs | 26.0 µs | 1.30 | ≤ 1.50 | ≤ 1.20 | must |", r.line(got))
	r.must = 1.25
	assert.True(t, strings.HasSuffix(r.line(got), "**no** |"))
	r = row{title: "work", metric: "rate", unit: "/s", noFloor: true, atLeast: true, must: 20, aim: 30}
	got = &result{ours: []metrics{{"rate": 25}}}
	assert.Equal(t, "| work |  | 25.0/s |  | ≥ 20.0/s | ≥ 30.0/s | must |", r.line(got))
}

func TestUpdate_replacesTheResultOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(file, []byte("a\n<!-- table -->\nold\n<!-- end of table -->\nb\n<!-- fleet -->\n<!-- end of fleet -->\nc\n"), 0o600))
	require.NoError(t, replaceResult(file, false, "new\n"))
	require.NoError(t, replaceResult(file, true, "fleet\n"))
	require.NoError(t, replaceResult(file, false, "newer\n"))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "a\n<!-- table -->\n\nnewer\n\n<!-- end of table -->\nb\n<!-- fleet -->\n\nfleet\n\n<!-- end of fleet -->\nc\n", string(text))
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, replaceResult(file, false, "new"))

	assert.Equal(t, []string{"-run", "x"}, withoutUpdate([]string{"-run", "x", "-update", "README.md"}))
	assert.Equal(t, []string{"-fleet"}, withoutUpdate([]string{"--update=README.md", "-fleet"}))
}

// TestREADME_hasEveryRow reminds of a new run when a row was added or renamed.
func TestREADME_hasEveryRow(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, r := range rows() {
		assert.Contains(t, string(text), "\n| "+r.title+" | ")
	}
	for _, fleet := range []bool{true, false} {
		begin, end := marks(fleet)
		assert.Regexp(t, "(?s)"+begin+"\n.*"+end, string(text))
	}
}
