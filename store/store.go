// Package store keeps everything that the bot must not forget, in one SQLite file. It is the only place with
// SQL. Its rows (Event, Action, Ticket …) are the types that the rest of the house uses.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver
)

//go:embed schema/*.sql
var schema embed.FS

// ErrInUse is returned by Open if another process runs on the same database.
var ErrInUse = errors.New("another supportbot is running on this database")

// A DB is an open database. Its methods may be called from many goroutines.
type DB struct {
	now     func() time.Time
	lock    *os.File // nil if opened for reading
	pool    *sql.DB
	writer  *connection
	first   chan *write
	writes  chan *write
	closing chan struct{}
	stopped chan struct{}
	readers chan *connection
	moving  sync.RWMutex // held while a channel gets another id; for reading from the snapshot of a decision until that is stored
}

// Open opens the database at path for the one process that runs on it, creating or migrating it if needed. It
// returns ErrInUse if there is such a process already. now is the clock of all stored times.
func Open(path string, now func() time.Time) (*DB, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	db, err := create(path, now)
	if err != nil {
		lock.Close()
		return nil, err
	}
	db.lock = lock
	if err := db.start(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// create opens the database at path, made if there is none yet. Only its owner may read it, and so the files that SQLite
// keeps beside it: private talk is in them.
func create(path string, now func() time.Time) (*DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, private)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return open(path, "_pragma=journal_mode(WAL)", now)
}

// private is the mode of files for their owner alone.
const private = 0o600

// OpenReadOnly opens the database at path beside the process that runs on it.
func OpenReadOnly(path string) (*DB, error) {
	return openExisting(path, "mode=ro", time.Now)
}

// OpenBeside opens the database at path beside the process that runs on it, to leave requests there.
func OpenBeside(path string, now func() time.Time) (*DB, error) {
	db, err := openExisting(path, "mode=rw", now)
	if err != nil {
		return nil, err
	}
	if err := db.startBeside(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openExisting opens a database that another process made.
func openExisting(path, option string, now func() time.Time) (*DB, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absent(path)
	case err != nil:
		return nil, fmt.Errorf("open database: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("open database: %w", &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR})
	}
	return open(path, option, now)
}

// absent is the error that there is no database at path. One that is relative may lead elsewhere than for the bot.
func absent(path string) error {
	const none = "there is no database at %s; the first run makes it"
	from, err := filepath.Abs(path)
	if err != nil || filepath.IsAbs(path) {
		return fmt.Errorf(none, path)
	}
	return fmt.Errorf(none+". If it did, run this in the bot's working directory, or give store.path as a whole path", from)
}

// open opens the database at path with an option of the driver's beside those that all share.
func open(path, option string, now func() time.Time) (*DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + option
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{now: now, pool: pool, readers: make(chan *connection, runtime.GOMAXPROCS(0)+2)}
	for range cap(db.readers) {
		c, err := connect(pool)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), pool.Close())
		}
		db.readers <- c
	}
	return db, nil
}

// start migrates, notes the start, and begins to write.
func (db *DB) start() error {
	var err error
	if db.writer, err = connect(db.pool); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := db.migrate(); err != nil {
		return err
	}
	if err := db.writer.exec("INSERT INTO boots (at) VALUES (?)", millis(db.now())); err != nil {
		return fmt.Errorf("record the start: %w", err)
	}
	db.beginToWrite()
	return nil
}

// startBeside begins to write as a guest: the schema is the running process's affair.
func (db *DB) startBeside() error {
	var err error
	if db.writer, err = connect(db.pool); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	done, known, err := schemaVersion(db.writer)
	switch {
	case err != nil:
		return err
	case done == 0:
		return ErrEmpty
	case done != len(known):
		return fmt.Errorf("the database has schema %d, this supportbot knows %d: use the one that runs on it", done, len(known))
	}
	db.beginToWrite()
	return nil
}

func (db *DB) beginToWrite() {
	db.first, db.writes = make(chan *write, 1024), make(chan *write, 1024)
	db.closing = make(chan struct{})
	db.stopped = make(chan struct{})
	go db.write()
}

// Close ends the writer after what was handed to it, and closes the file. All connections are closed, so that the last
// brings everything into the one file.
func (db *DB) Close() error {
	if db.writes != nil {
		close(db.closing)
		<-db.stopped
	}
	err := db.hangUp()
	if db.lock != nil {
		err = errors.Join(err, db.lock.Close())
	}
	return err
}

// hangUp closes all connections, those of readers when they are back. What is asked of them later is an error.
func (db *DB) hangUp() (err error) {
	var all []*connection
	for range cap(db.readers) {
		all = append(all, <-db.readers)
	}
	for _, c := range all {
		err = errors.Join(err, c.close())
		db.readers <- c
	}
	if db.writer != nil {
		err = errors.Join(err, db.writer.close())
	}
	return errors.Join(err, db.pool.Close())
}

// lockFile takes the lock that makes one process a database. The kernel frees it when the process ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, private)
	if err != nil {
		return nil, fmt.Errorf("lock database: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse
		}
		return nil, fmt.Errorf("lock database: %w", err)
	}
	return f, nil
}

// migrate brings the schema up to date. PRAGMA user_version counts the files of schema/ that were applied.
func (db *DB) migrate() error {
	done, files, err := schemaVersion(db.writer)
	if err != nil {
		return err
	}
	if done > len(files) {
		return misfit(done, len(files), ErrNewer)
	}
	for i := done; i < len(files); i++ {
		text, err := fs.ReadFile(schema, files[i])
		if err != nil {
			return err
		}
		script := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", text, i+1)
		if _, err := db.writer.ExecContext(context.Background(), script); err != nil {
			return fmt.Errorf("migrate %s: %w", files[i], err)
		}
	}
	return nil
}

// schemaVersion returns how many files of the schema were applied, and all that this program knows.
func schemaVersion(c *connection) (done int, files []string, err error) {
	if files, err = fs.Glob(schema, "schema/*.sql"); err != nil {
		return 0, nil, err
	}
	if err := c.row("PRAGMA user_version").Scan(&done); err != nil {
		return 0, nil, fmt.Errorf("read schema version: %w", err)
	}
	return done, files, nil
}

// millis is how times are stored: 0 is the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// millisUp is how times are stored before which something must not be done.
func millisUp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Millisecond - 1).UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
