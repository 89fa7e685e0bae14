// Supportbot turns mentions of a support group in Slack into GitHub issues, and answers in their threads.
//
// This package is the program: a file for each command, the settings, the secrets, and the wiring (app.go) that
// joins the machine of package bot, the handlers and the services. The README follows one mention through the
// code, under "Life of a mention".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // people's zones, on machines without zone files

	"github.com/alecthomas/kong"

	"supportbot/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// cli is the command line: the flags of all commands, then a field for each command.
type cli struct {
	LogFormat string           `enum:"text,json,settings" default:"settings" placeholder:"FORMAT" help:"How the log on standard error is written: text, json, or as log.format in the settings says."`
	Version   kong.VersionFlag `help:"Print the version of this build."`

	Run      runCmd      `cmd:"" help:"Run the bot."`
	Sandbox  sandboxCmd  `cmd:"" help:"Try the bot: run it against stand-ins of Slack and GitHub on this machine."`
	Explain  explainCmd  `cmd:"" help:"Print what happened to a ticket, and why."`
	Check    checkCmd    `cmd:"" help:"Say whether all is ready, and what to do if not: settings, tokens, scopes, group, channel, repository, database, port."`
	Manifest manifestCmd `cmd:"" help:"Print the manifest of the Slack app."`

	Pause  pauseCmd  `cmd:"" help:"Have the running bot leave a service alone."`
	Resume resumeCmd `cmd:"" help:"End a pause."`
	Parked parkedCmd `cmd:"" help:"List events that could not be decided; decide them again, or give them up."`
	Backup backupCmd `cmd:"" help:"Copy the database to a file, while the bot runs or not."`
}

const description = `Turns mentions of a support group in Slack into GitHub issues, and answers in their threads.

Examples:

    supportbot sandbox                         try it, with stand-ins of Slack and GitHub
    supportbot manifest > manifest.yml         create the Slack app from it
    supportbot check --config supportbot.yml   say what is missing
    supportbot run --config supportbot.yml     run the bot
    supportbot explain 123                     say what happened to issue 123, and why
    supportbot pause github                    write nothing there until "supportbot resume github"
    supportbot parked list                     list what could not be decided, and why
    supportbot backup /backup/monday.db        copy the database

Exit status: 0 if all went well; 1 if something failed or is missing; 2 if the command line, the settings or the secrets are wrong.`

// The exit statuses.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// An environment is what a command may use of the process that it runs in.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	logFormat      string // of the flag
}

// logger returns a logger to standard error, in the format of the flag, else of the settings.
func (e *environment) logger(s LogSettings) *slog.Logger {
	format := e.logFormat
	if format == "settings" {
		format = s.Format
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(e.stderr, nil))
}

// configFlag is the flag of the commands that read settings.
type configFlag struct {
	Config string `default:"supportbot.yml" placeholder:"FILE" help:"The settings file; ${default} if not given."`
}

// A usageError is a mistake in the command line, the settings or the secrets.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// reported is the exit status of a command that has said itself what is wrong.
type reported int

func (r reported) Error() string { return fmt.Sprintf("exit status %d", int(r)) }

// load reads the settings and the secrets. All that is wrong with either is in the error, a usageError.
func (f configFlag) load(e *environment) (Settings, Secrets, error) {
	settings, err := LoadSettings(f.Config)
	secrets, err2 := LoadSecrets(e.getenv)
	if err := errors.Join(err, err2); err != nil {
		return Settings{}, Secrets{}, usageError{err}
	}
	return settings, secrets, nil
}

// read lets look read the database that the settings name, beside the bot that may run on it, if it is as this program
// knows it.
func (f configFlag) read(look func(*store.DB) error) error {
	return f.open(func(db *store.DB) error {
		if err := db.Fit(); err != nil {
			return err
		}
		return look(db)
	})
}

// open gives do the database that the settings name, beside the bot that may run on it.
func (f configFlag) open(do func(*store.DB) error) (err error) {
	settings, err := LoadSettings(f.Config)
	if err != nil {
		return usageError{err}
	}
	db, err := store.OpenReadOnly(settings.Store.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

// run runs the command that args say and returns the exit status. It ends early when ctx does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	e := &environment{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv}
	err := execute(ctx, args, e)
	var usage usageError
	var status reported
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "supportbot: %v\n", err)
	if step := store.NextStep(err); step != "" {
		fmt.Fprintln(stderr, step)
	}
	return exitFailed
}

func execute(ctx context.Context, args []string, e *environment) error {
	var c cli
	answered := false
	app, err := kong.New(&c,
		kong.Name("supportbot"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(e.stdout, e.stderr),
		kong.Vars{"version": version(debug.ReadBuildInfo())},
		kong.Exit(func(int) { answered = true }), // by --help or --version, after which kong goes on
	)
	if err != nil {
		return err
	}
	command, err := app.Parse(args)
	switch {
	case answered:
		return nil
	case err != nil:
		return usageError{fmt.Errorf("supportbot: %w\nsupportbot --help lists commands and flags", err)}
	}
	e.logFormat = c.LogFormat
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run(e)
}
