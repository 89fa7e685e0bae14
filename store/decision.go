package store

import "time"

// A Decision is what a handler makes of an event. It is stored as a whole.
type Decision struct {
	Records  []Record
	Withdraw []string // slots whose planned action is no longer wanted
	Actions  []Action
	Emit     []Event   // for other subjects
	Timer    time.Time // when the subject is to be looked at again whatever happens; zero for never
}

// A Record is a row that handlers may change: *Ticket, *Thread, *Message, *Entry, *Alarm.
type Record interface{ put(*connection) error }

// A View is the database as it stood at one moment, or as the transaction in hand has made it: all that a decision may
// look at.
type View struct{ c *connection }
