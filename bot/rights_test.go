package bot

import "testing"

func TestWhichRightsLackIsLearnedFromCalls(t *testing.T) {
	type call struct {
		kind        string
		lacks, done bool
	}
	lacks := func(kind string) call { return call{kind, true, false} }
	done := func(kind string) call { return call{kind, false, true} }
	fails := func(kind string) call { return call{kind, false, false} }
	for _, test := range []struct {
		name  string
		calls []call
		last  int
	}{
		{"the first that lacks one is told", []call{lacks("a")}, lackOne},
		{"it is told once", []call{lacks("a"), lacks("a")}, lackSame},
		{"a second kind is no news", []call{lacks("a"), lacks("b")}, lackSame},
		{"that another kind goes well mends nothing", []call{lacks("a"), done("b")}, lackSame},
		{"one of two mended is not all", []call{lacks("a"), lacks("b"), done("a")}, lackSame},
		{"all are mended", []call{lacks("a"), lacks("b"), done("a"), done("b")}, lackNone},
		{"it may lack again", []call{lacks("a"), done("a"), lacks("a")}, lackOne},
		{"another failure says nothing", []call{lacks("a"), fails("a")}, lackSame},
		{"the first call that goes well ends what an earlier process told", []call{fails("a"), done("a")}, lackNone},
		{"that is said once", []call{done("a"), done("b")}, lackSame},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r rights
			var last int
			for _, c := range test.calls {
				last = r.learn(c.kind, c.lacks, c.done)
			}
			if last != test.last {
				t.Errorf("got %d, want %d", last, test.last)
			}
		})
	}
}
