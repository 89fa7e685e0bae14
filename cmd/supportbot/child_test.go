package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"testing"
)

// childEnv names the program that a child process of the tests is; profileEnv the file for a CPU profile of it,
// if it is the bot.
const (
	childEnv   = "SUPPORTBOT_TEST_AS"
	profileEnv = "SUPPORTBOT_TEST_PROFILE"
)

// TestMain lets this binary be what tests start as processes of their own: the whole bot, and what the
// benchmarks compare it with.
func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "supportbot":
		if path := os.Getenv(profileEnv); path != "" {
			os.Exit(profiled(path))
		}
		main()
	case "slack-go":
		slackGoLoop(nil)
	case "slack-go-journal":
		notes, err := openJournal(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		slackGoLoop(notes)
	default:
		os.Exit(m.Run())
	}
}

// profiled does what main does.
func profiled(path string) int {
	file, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	defer pprof.StopCPUProfile()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}
