package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// boltEnv names a folder with the files of testdata/bolt, after npm install.
const boltEnv = "SUPPORTBOT_BENCH_BOLT"

// A contender is a program that turns mentions into issues and answers.
type contender struct {
	name  string
	start func(b *testing.B, w *benchWorld) *contestant
}

// contenders are the bot, and what it is measured against. None of the others searches for secrets, and only the last one
// stores anything: it is the floor of what loses and doubles nothing. Bolt comes twice: with GitHub called by the least that
// does, and by GitHub's own client, as the bot calls it.
var contenders = []contender{
	{"supportbot", startBot},
	{"bolt", startBolt("http")},
	{"bolt-octokit", startBolt("octokit")},
	{"slack-go", startSlackGo},
	{"slack-go-journal", startSlackGoJournal},
}

// A contestant is a contender at work, in a process of its own.
type contestant struct {
	name   string
	cmd    *exec.Cmd
	output *output
	ended  chan struct{}
	err    error // of Wait; after ended
}

// startBot runs `supportbot run` on a new database, with its usual settings but for the limits of the services.
func startBot(b *testing.B, w *benchWorld) *contestant {
	b.Helper()
	return startBotOn(b, w, filepath.Join(b.TempDir(), "supportbot.db"))
}

func startBotOn(b *testing.B, w *benchWorld, database string) *contestant {
	b.Helper()
	settings := filepath.Join(b.TempDir(), "supportbot.yml")
	text := fmt.Sprintf(`
slack: {api_url: %q, support_group: %s, ops_channel: %s}
github: {base_url: %q, repository: acme/analytics-support}
store: {path: %q}
http: {listen: "127.0.0.1:0"}
limits:
  github_writes_per_minute: 0
  github_creations_per_hour: 0
  slack_posts_per_channel_per_minute: 0
  tickets_per_sender_per_10_minutes: 0
`, w.slack.URL(), supportGroup, opsChannel, w.github.URL(), database)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return w.start(b, "supportbot", self(b), "run", "--config", settings)
}

func startSlackGo(b *testing.B, w *benchWorld) *contestant {
	b.Helper()
	return w.start(b, "slack-go", self(b))
}

func startSlackGoJournal(b *testing.B, w *benchWorld) *contestant {
	b.Helper()
	return w.start(b, "slack-go-journal", self(b), filepath.Join(b.TempDir(), "journal.db"))
}

// startBolt returns how Bolt is begun, which calls GitHub through one of the modules beside its app.
func startBolt(client string) func(*testing.B, *benchWorld) *contestant {
	return func(b *testing.B, w *benchWorld) *contestant {
		b.Helper()
		dir := os.Getenv(boltEnv)
		if dir == "" {
			b.Skip("Bolt for JavaScript is not here: .ci/bench installs it and sets " + boltEnv)
		}
		b.Setenv("GITHUB_CLIENT", client)
		return w.start(b, "bolt", "node", filepath.Join(dir, "app.js"))
	}
}

func self(b *testing.B) string {
	b.Helper()
	path, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	return path
}

// start runs a program until the benchmark ends, and returns when it is connected to Slack.
func (w *benchWorld) start(b *testing.B, name, program string, args ...string) *contestant {
	b.Helper()
	c := &contestant{name: name, cmd: exec.Command(program, args...), output: &output{}, ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childEnv+"="+name,
		"SLACK_API_URL="+w.slack.URL(), "SLACK_BOT_TOKEN="+w.slack.BotToken(), "SLACK_APP_TOKEN="+w.slack.AppToken(),
		"GITHUB_URL="+w.github.URL(), "GITHUB_TOKEN="+w.github.Token(),
		"SUPPORT_GROUP="+supportGroup, "REPOSITORY=acme/analytics-support")
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	if err := c.cmd.Start(); err != nil {
		b.Fatalf("start %s: %v", name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	b.Cleanup(c.stop)
	ctx, cancel := context.WithTimeout(b.Context(), benchPatience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 1); err != nil {
		b.Fatalf("%s did not connect: %v\n%s", name, err, c.output)
	}
	w.warm(b, c)
	return c
}

// cpu is the time that the process has kept a core busy.
func (c *contestant) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

// ticksPerSecond is in what Linux counts the time of processes, on all systems that Go runs on.
const ticksPerSecond = 100

// stop ends the process as an operator would.
func (c *contestant) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(benchPatience):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// reportMemory adds the resident memory of the process, now and at its peak, to the benchmark's figures.
func (c *contestant) reportMemory(b *testing.B) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		b.Logf("no figures of memory on this system: %v", err)
		return
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		if err != nil {
			continue
		}
		switch name {
		case "VmHWM":
			b.ReportMetric(float64(kilobytes)/1000, "MB-peak")
		case "VmRSS":
			b.ReportMetric(float64(kilobytes)/1000, "MB")
		}
	}
}

// output keeps the first part of what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxOutput = 8 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := maxOutput - o.text.Len(); room > 0 {
		o.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
