package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"supportbot/store"
)

// store checks the database without changing it.
func (r *report) store(s StoreSettings) {
	path, err := filepath.Abs(s.Path)
	if err != nil {
		path = s.Path
	}
	r.section("Database, " + path)
	folder := filepath.Dir(path)
	if err := tryWriting(folder); err != nil {
		r.miss("folder %s: %v", folder, err)
		r.next("The bot needs a folder that it may write to; set store.path.")
		return
	}
	if kind := networkFileSystem(folder); kind != "" {
		r.miss("folder %s is on %s, where SQLite can lose data", folder, kind)
		r.next("Use a local disk.")
	}
	file, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.good("none yet; the first run makes it")
		return
	case err != nil:
		r.miss("%v", errors.Unwrap(err))
		return
	}
	db, err := store.OpenReadOnly(path)
	if err != nil {
		r.miss("can't be opened: %v", err)
		r.nextOf(err)
		return
	}
	err = db.Fit()
	_ = db.Close() // it was opened for reading only
	switch {
	case errors.Is(err, store.ErrEmpty), errors.Is(err, store.ErrOlder):
		r.good("can be opened")
		r.note("%v", err)
	case err != nil:
		r.miss("can't be used: %v", err)
		r.nextOf(err)
	default:
		r.good("can be opened")
	}
	if others := file.Mode().Perm() & 0o077; others != 0 {
		r.warn("others on this machine may read it, and what was said in private with it")
		r.next("chmod 600 %s*", path)
	}
	if isLocked(path + ".lock") {
		r.note("a supportbot is running on it; a second one would be refused")
	}
}

// nextOf says what to do about an error of the database.
func (r *report) nextOf(err error) {
	if step := store.NextStep(err); step != "" {
		r.next("%s", step)
	}
}

// isLocked says whether a process holds the lock file that store.Open takes.
func isLocked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// tryWriting makes a file in folder and takes it away.
func tryWriting(folder string) error {
	f, err := os.CreateTemp(folder, ".supportbot-check-")
	if err != nil {
		return errors.Unwrap(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
