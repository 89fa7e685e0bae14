package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Why a database is not as this program knows it.
var (
	ErrEmpty = errors.New("there is nothing in the database yet; the first run fills it")
	ErrNewer = errors.New("it was written by a newer one")
	ErrOlder = errors.New("the next run brings it up to date")
)

// Fit says whether the database is as this program knows it: if not, the error is ErrEmpty, ErrNewer or ErrOlder.
func (db *DB) Fit() error {
	c := <-db.readers
	defer func() { db.readers <- c }()
	done, known, err := schemaVersion(c)
	switch {
	case err != nil:
		return err
	case done == 0:
		return ErrEmpty
	case done > len(known):
		return misfit(done, len(known), ErrNewer)
	case done < len(known):
		return misfit(done, len(known), ErrOlder)
	}
	return nil
}

func misfit(done, known int, why error) error {
	return fmt.Errorf("the database has schema %d, this supportbot knows %d: %w", done, known, why)
}

// NextStep says what an operator can do about an error of the database; "" if its words say all that is known.
func NextStep(err error) string {
	var path *fs.PathError
	var engine *sqlite.Error
	switch {
	case errors.Is(err, ErrInUse):
		return "Stop that one first; it may be a service."
	case errors.Is(err, ErrNewer):
		return "Use the newer supportbot, or put a backup in its place that was made before that one ran."
	case errors.As(err, &engine):
		return engineStep(engine.Code())
	case !errors.As(err, &path):
		return ""
	case errors.Is(err, syscall.EISDIR):
		return "Set store.path to the name of a file."
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return mayWrite
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "Make its folder first, or name another."
	}
	return ""
}

const mayWrite = "Run this as the bot's user, who must be able to write to the file and its folder."

// engineStep is what to do about an error of SQLite (https://sqlite.org/rescode.html).
func engineStep(code int) string {
	switch code & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return "The file is damaged, or is no database of a supportbot: move it away, and put a backup in its place."
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "Another program holds the file: end that one, and try again."
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return mayWrite
	case sqlite3.SQLITE_FULL:
		return "The disk is full: make room."
	case sqlite3.SQLITE_IOERR:
		return "The disk failed: look at the system's log."
	}
	return ""
}
