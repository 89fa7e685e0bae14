package redact

import (
	"os"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// corpus returns ordinary text without a secret in it, by line and by paragraph.
func corpus(t testing.TB) (lines, paragraphs []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/ordinary.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines, strings.Split(strings.TrimSpace(string(text)), "\n\n")
}

// maxAlarms is the bound on false alarms, per line of ordinary text.
const maxAlarms = 0.005

func TestOrdinaryTextRaisesHardlyAnAlarm(t *testing.T) {
	r := newRedactor(t)
	lines, paragraphs := corpus(t)
	if len(lines) < 400 {
		t.Fatalf("%d lines are too few to measure", len(lines))
	}
	alarms := 0
	for _, unit := range append(lines, paragraphs...) {
		got, found := r.String(unit)
		if len(found) > 0 {
			alarms += len(found)
			t.Logf("false alarm %v: %s", found, got)
		}
	}
	plain, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	theirs := 0
	for _, line := range lines {
		theirs += len(plain.DetectString(line))
	}
	rate := float64(alarms) / float64(len(lines))
	t.Logf("%d false alarms in %d lines (%.2f %%), alone and as paragraphs; plain gitleaks has %d in the lines alone (%.2f %%)",
		alarms, len(lines), 100*rate, theirs, 100*float64(theirs)/float64(len(lines)))
	if rate > maxAlarms {
		t.Errorf("false alarms in %.2f %% of the lines, the bound is %.2f %%", 100*rate, 100*maxAlarms)
	}
}
