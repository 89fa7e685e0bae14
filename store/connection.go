package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A connection is one connection to SQLite that prepares each statement once.
type connection struct {
	*sql.Conn
	prepared map[string]*sql.Stmt
}

// background is the context of all statements: they are short, local, and must not be half done.
var background = context.Background()

func connect(pool *sql.DB) (*connection, error) {
	c, err := pool.Conn(background)
	if err != nil {
		return nil, err
	}
	return &connection{c, map[string]*sql.Stmt{}}, nil
}

// close closes c with its statements, unless it is closed: SQLite keeps a connection half open for a statement that is left.
func (c *connection) close() (err error) {
	for query, s := range c.prepared {
		err = errors.Join(err, s.Close())
		delete(c.prepared, query)
	}
	if closed := c.Close(); !errors.Is(closed, sql.ErrConnDone) {
		err = errors.Join(err, closed)
	}
	return err
}

func (c *connection) prepare(query string) (*sql.Stmt, error) {
	if s := c.prepared[query]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(background, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	c.prepared[query] = s
	return s, nil
}

func (c *connection) exec(query string, args ...any) error {
	_, err := c.change(query, args...)
	return err
}

// change runs a statement and returns how many rows it changed.
func (c *connection) change(query string, args ...any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(background, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// A row is the result of a query for one row.
type row struct {
	*sql.Row
	err error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.Row.Scan(dest...)
}

func (c *connection) row(query string, args ...any) row {
	s, err := c.prepare(query)
	if err != nil {
		return row{err: err}
	}
	return row{Row: s.QueryRowContext(background, args...)}
}

// A scanner is a row of a query.
type scanner interface{ Scan(...any) error }

// all returns what scan makes of every row of a query, in order.
func all[T any](c *connection, scan func(scanner) (T, error), query string, args ...any) (list []T, err error) {
	err = c.each(func(r *sql.Rows) error {
		one, err := scan(r)
		list = append(list, one)
		return err
	}, query, args...)
	return list, err
}

func scanText(r scanner) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// each calls scan for every row of a query.
func (c *connection) each(scan func(*sql.Rows) error, query string, args ...any) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(background, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A write is one unit of change: all of it happens, or nothing. Its do may run twice, the first time in vain, and
// must then give what it would have given at once.
type write struct {
	do   func(*connection) error
	done chan error
	err  error
}

// maxBatch bounds how many writes share a commit, so that the first doesn't wait long for the last.
const maxBatch = 128

// maxBeside bounds how many of these are not of the door: what Slack sends must not wait for long.
const maxBeside = 32

// update runs do in a transaction that may be shared with others waiting at the same moment, and returns once
// it is on disk.
func (db *DB) update(do func(*connection) error) error { return enqueue(db.writes, do) }

// updateFirst is an update that goes before all that wait.
func (db *DB) updateFirst(do func(*connection) error) error { return enqueue(db.first, do) }

func enqueue(queue chan<- *write, do func(*connection) error) error {
	w := &write{do: do, done: make(chan error, 1)}
	queue <- w
	return <-w.done
}

// write is the one writer. Writes that wait share a commit.
func (db *DB) write() {
	defer close(db.stopped)
	for {
		batch := make([]*write, 0, maxBatch)
		select {
		case w := <-db.first:
			batch = append(batch, w)
		case w := <-db.writes:
			batch = append(batch, w)
		case <-db.closing:
		}
		batch = gather(batch, db.first, maxBatch-maxBeside)
		batch = gather(batch, db.writes, len(batch)+maxBeside)
		if len(batch) == 0 { // closing, and nothing is left
			return
		}
		err := db.commit(batch)
		for _, w := range batch {
			w.done <- errors.Join(w.err, err)
		}
	}
}

// gather adds what waits in a queue to a batch, until that has most.
func gather(batch []*write, queue <-chan *write, most int) []*write {
	for len(batch) < most {
		select {
		case w := <-queue:
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

// commit does a batch in one transaction. If one of several fails, which is rare, the others must not fail with
// it: then all are undone, and done again in a savepoint each. Savepoints from the start would cost a third of
// the writer's time.
func (db *DB) commit(batch []*write) error {
	failed, err := db.transact(func(c *connection) (failed bool, err error) {
		for _, w := range batch {
			if w.err = guarded(func() error { return w.do(c) }); w.err != nil {
				return true, nil
			}
		}
		return false, nil
	})
	if !failed || len(batch) == 1 || err != nil {
		return err
	}
	_, err = db.transact(func(c *connection) (bool, error) {
		for _, w := range batch {
			if err := c.inSavepoint(w); err != nil {
				return true, err
			}
		}
		return false, nil
	})
	return err
}

// transact runs do in a transaction, and undoes it if do failed.
func (db *DB) transact(do func(*connection) (failed bool, err error)) (failed bool, err error) {
	c := db.writer
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return true, fmt.Errorf("begin: %w", err)
	}
	if failed, err = do(c); failed {
		return true, errors.Join(err, c.exec("ROLLBACK"))
	}
	if err := c.exec("COMMIT"); err != nil {
		return true, errors.Join(fmt.Errorf("commit: %w", err), c.exec("ROLLBACK"))
	}
	return false, nil
}

// inSavepoint does w; if it fails only its own changes are undone. An error is one of the savepoint itself.
func (c *connection) inSavepoint(w *write) error {
	if err := c.exec("SAVEPOINT one"); err != nil {
		return err
	}
	if w.err = guarded(func() error { return w.do(c) }); w.err != nil {
		if err := c.exec("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return c.exec("RELEASE one")
}

// ErrPanic is returned for a route or a decision that panicked.
var ErrPanic = errors.New("panic")

// guarded turns a panic of do, which runs code of handlers, into an error.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
		}
	}()
	return do()
}

// read runs f on a snapshot.
func (db *DB) read(f func(*connection) error) (err error) {
	c := <-db.readers
	defer func() { db.readers <- c }()
	if err := c.exec("BEGIN"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.exec("ROLLBACK")) }()
	return f(c)
}
