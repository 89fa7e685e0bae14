package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// requests makes mentions as people write them: a sentence and a piece of a log, 200 to 500 characters, every
// tenth in Japanese. The same seed makes the same requests.
type requests struct{ random *rand.Rand }

func newRequests(seed uint64) requests { return requests{rand.New(rand.NewPCG(seed, 2))} }

var (
	englishRequests = []string{
		"the nightly load of `sales.orders` fails since this morning, can somebody have a look?",
		"my dashboard shows no data for yesterday. It worked on Friday; I changed nothing.",
		"I get *permission denied* when I query the events table, but Ben can. What do I need?",
		"could you run the job for last week again? The source delivered its files late.",
	}
	japaneseRequests = []string{
		"BigQuery にロードされません。昨日までは動いていました。ご確認をお願いいたします。",
		"ダッシュボードの数字が昨日から更新されていないようです。原因を調べていただけますか。",
	}
	logSources = []string{"loader", "scheduler", "transfer", "worker-eu"}
	levels     = []string{"INFO", "WARN", "ERROR"}
)

func (r requests) next() string {
	said := englishRequests
	if r.random.IntN(10) == 0 {
		said = japaneseRequests
	}
	var text strings.Builder
	fmt.Fprintf(&text, "@support %s\n", pick(r.random, said))
	for long := 200 + r.random.IntN(200); text.Len() < long; {
		text.WriteString(r.line())
	}
	return text.String()
}

func (r requests) line() string {
	switch r.random.IntN(4) {
	case 0:
		return fmt.Sprintf("Job ID: %08x-%04x_%d, table analytics-prod.sales_%d.orders$202611%02d\n",
			r.random.Uint32(), r.random.Uint32()&0xffff, r.random.IntN(1e9), r.random.IntN(9), 1+r.random.IntN(28))
	case 1:
		return fmt.Sprintf("SELECT user_id, count(*) FROM `sales.events` WHERE day = '2026-11-%02d' GROUP BY 1 LIMIT %d\n",
			1+r.random.IntN(28), r.random.IntN(1000))
	case 2:
		return fmt.Sprintf("\tat com.acme.load.Reader.read(Reader.java:%d)\n", r.random.IntN(900))
	}
	return fmt.Sprintf("2026-11-%02dT%02d:%02d:%02d.%03dZ %s %s commit=%040x rows=%d\n",
		1+r.random.IntN(28), r.random.IntN(24), r.random.IntN(60), r.random.IntN(60), r.random.IntN(1000),
		pick(r.random, levels), pick(r.random, logSources), r.random.Uint64(), r.random.IntN(1e6))
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
