package bot

import (
	"fmt"
	"testing"
)

func TestASocketThatOpensEndsTheAlarmThatNoneMay(t *testing.T) {
	for _, test := range []struct {
		name    string
		open    int
		refused string
		foreign string
	}{
		{"only ours are open", 2, "[raised cleared]", "[cleared]"},
		{"somebody else's is open too", 3, "[raised cleared]", "[raised]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _ := newMachine(t, nil)
			m.Alarm("slack-sockets", "refused")
			m.countSockets(test.open, 2)
			if got := fmt.Sprint(raised(t, m, "slack-sockets")); got != test.refused {
				t.Errorf("the alarm that sockets are refused was %s, want %s", got, test.refused)
			}
			if got := fmt.Sprint(raised(t, m, "slack-foreign-socket")); got != test.foreign {
				t.Errorf("the alarm of a foreign socket was %s, want %s", got, test.foreign)
			}
		})
	}
}
