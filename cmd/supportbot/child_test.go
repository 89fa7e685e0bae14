package main

import (
	"os"
	"testing"
)

// childEnv names the program that a child process of the tests is.
const childEnv = "SUPPORTBOT_TEST_AS"

// TestMain lets this binary be what tests start as processes of their own: the whole bot, and what the
// benchmarks compare it with.
func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "supportbot":
		main()
	case "slack-go":
		slackGoLoop()
	default:
		os.Exit(m.Run())
	}
}
