package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// millionEnv names a file for the database of BenchmarkMillion, to be kept and used again.
const millionEnv = "SUPPORTBOT_BENCH_MILLION"

// manyTickets is how many closed tickets a database is given.
const manyTickets = 1_000_000

// BenchmarkMillion is the other benchmarks, for the bot alone, with a million closed tickets in its database.
func BenchmarkMillion(b *testing.B) {
	path := os.Getenv(millionEnv)
	if path == "" {
		path = filepath.Join(b.TempDir(), "supportbot.db")
	}
	if _, err := os.Stat(path); err != nil {
		fill(b, path)
	}
	start := func(b *testing.B) (*benchWorld, *contestant) {
		closeAll(b, path)
		w := newBenchWorld(b)
		return w, startBotOn(b, w, path)
	}
	b.Run("Reply", func(b *testing.B) {
		w, c := start(b)
		benchReply(b, w, c, benchInRow, 0)
	})
	b.Run("ReplySlowServices", func(b *testing.B) {
		w, c := start(b)
		slow(w)
		benchReply(b, w, c, benchInRow/10, 2*serviceTime)
	})
	b.Run("Burst", func(b *testing.B) {
		w, c := start(b)
		benchBurst(b, w, c)
	})
	b.Run("Stream", func(b *testing.B) {
		w, c := start(b)
		benchStream(b, w, c)
	})
}

// closeAll closes the tickets that a benchmark left open: the next one's Slack has never heard of their threads, and the
// bot would find all of them deleted.
func closeAll(b *testing.B, path string) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		"UPDATE tickets SET state = 'closed' WHERE state IN ('new', 'opening', 'open')",
		"UPDATE actions SET state = 'withdrawn' WHERE state IN ('planned', 'doing')",
		"DELETE FROM subjects WHERE due > 0",
	} {
		if _, err := db.Exec(query); err != nil {
			b.Fatalf("%s: %v", query, err)
		}
	}
}

// fill makes a database with many tickets: the bot makes real ones, and one of them, closed, is copied with ids
// and times of its own.
func fill(b *testing.B, path string) {
	b.Helper()
	w := newBenchWorld(b)
	startBotOn(b, w, path).stop()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=cache_size(-1000000)&_pragma=temp_store(MEMORY)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // temporary tables belong to a connection
	do := func(query string, args ...any) {
		b.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			b.Fatalf("%s: %v", query, err)
		}
	}
	var ticket, thread string
	if err := db.QueryRow("SELECT ticket, ts FROM threads LIMIT 1").Scan(&ticket, &thread); err != nil {
		b.Fatal(err)
	}
	do("UPDATE tickets SET state = 'closed' WHERE id = ?", ticket)
	do("CREATE TEMP TABLE copy (n INTEGER PRIMARY KEY, ticket TEXT, thread TEXT)")
	do(`WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
		INSERT INTO copy SELECT row_number() OVER (ORDER BY ticket), ticket, printf('%d.%06d', 1500000000 + n, n % 1000000)
		FROM (SELECT n, lower(hex(randomblob(13))) AS ticket FROM number)`, manyTickets)
	do("BEGIN")
	for table, owner := range map[string]string{
		"tickets": "id", "threads": "ticket", "messages": "ticket", "events": "subject", "actions": "subject", "slots": "subject",
	} {
		names, values := copied(b, db, table)
		do(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM copy c, %s t WHERE t.%s IN (?1, 'ticket:' || ?1) ORDER BY c.n",
			table, names, values, table, owner), ticket, thread)
	}
	do("COMMIT")
}

// copied returns the columns of a table, and how each is copied for the row c of copy: ?1 is the ticket that is
// copied, ?2 its thread. Times go back by 90 days.
func copied(b *testing.B, db *sql.DB, table string) (names, values string) {
	b.Helper()
	rows, err := db.Query("SELECT name, type FROM pragma_table_info(?)", table)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var name, kind string
	var all, how []string
	for rows.Next() {
		if err := rows.Scan(&name, &kind); err != nil {
			b.Fatal(err)
		}
		value := "t." + name
		switch {
		case name == "id" && kind == "INTEGER":
			continue // a new one
		case name == "issue":
			value = "1000000 + c.n"
		case name == "key": // that of an answer has the action's id
			value = "iif(t.key LIKE 'answer:%', t.key || ':' || c.n, replace(t.key, ?2, c.thread))"
		case kind == "TEXT":
			value = fmt.Sprintf("replace(replace(t.%s, ?1, c.ticket), ?2, c.thread)", name)
		case name == "at" || strings.HasSuffix(name, "_at") || name == "started" || name == "not_before":
			value = fmt.Sprintf("iif(t.%[1]s > 0, t.%[1]s - 7776000000, 0)", name)
		}
		all, how = append(all, name), append(how, value)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return strings.Join(all, ", "), strings.Join(how, ", ")
}
