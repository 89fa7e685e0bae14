package bot

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"supportbot/store"
)

// Metrics counts what the machine does, for /metrics.
type Metrics struct {
	acks    *prometheus.HistogramVec
	refusal prometheus.Counter
	actions *prometheus.CounterVec
	sockets prometheus.Gauge
	pauses  *prometheus.GaugeVec

	running running
}

// NewMetrics registers the machine's metrics with r, and what waits in db.
func NewMetrics(r prometheus.Registerer, db *store.DB) *Metrics {
	m := &Metrics{
		acks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "supportbot_ack_seconds", Help: "Time from the arrival of an envelope to its acknowledgement.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .5, 1, 3},
		}, []string{"type"}),
		refusal: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "supportbot_envelopes_refused_total", Help: "Envelopes left for Slack to send again because too many waited.",
		}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "supportbot_actions_total", Help: "Actions that ended, by kind and state.",
		}, []string{"kind", "state"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "supportbot_sockets_open", Help: "Sockets that are open to Slack.",
		}),
		pauses: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "supportbot_service_paused", Help: "1 while an operator has the service stand still.",
		}, []string{"service"}),
	}
	r.MustRegister(m.acks, m.refusal, m.actions, m.sockets, m.pauses, backlog{db}, &m.running)
	return m
}

// watch has what is asked of a running machine asked of this one.
func (m *Metrics) watch(machine *Machine) { m.running.machine.Store(machine) }

func (m *Metrics) acknowledged(envelope string, took time.Duration) {
	m.acks.WithLabelValues(envelope).Observe(took.Seconds())
}

func (m *Metrics) refused()                { m.refusal.Inc() }
func (m *Metrics) finished(a store.Action) { m.actions.WithLabelValues(a.Kind, a.State).Inc() }

func (m *Metrics) paused(service string, yes bool) {
	m.pauses.WithLabelValues(service).Set(number(yes))
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// A backlog reads from the store what waits, each time somebody asks.
type backlog struct{ db *store.DB }

var (
	waitingEvents  = prometheus.NewDesc("supportbot_events", "Events that wait for a decision (new), or were given up (parked).", []string{"state"}, nil)
	waitingActions = prometheus.NewDesc("supportbot_actions_open", "Actions planned or in hand, by service.", []string{"service"}, nil)
)

func (b backlog) Describe(out chan<- *prometheus.Desc) {
	out <- waitingEvents
	out <- waitingActions
}

func (b backlog) Collect(out chan<- prometheus.Metric) {
	load, err := store.Look(b.db, (*store.View).Load)
	if err != nil {
		out <- prometheus.NewInvalidMetric(waitingEvents, err)
		return
	}
	out <- prometheus.MustNewConstMetric(waitingEvents, prometheus.GaugeValue, float64(load.Undecided), "new")
	out <- prometheus.MustNewConstMetric(waitingEvents, prometheus.GaugeValue, float64(load.Parked), "parked")
	for service, n := range load.Open {
		out <- prometheus.MustNewConstMetric(waitingActions, prometheus.GaugeValue, float64(n), service)
	}
}

// running reads, each time somebody asks, what a machine believes of each service, and how long ago channels were read back.
type running struct{ machine atomic.Pointer[Machine] }

var (
	serviceUp = prometheus.NewDesc("supportbot_service_up",
		"1 while the service is believed to work: 0 if it is down, refuses us, or is paused.", []string{"service"}, nil)
	channelAge = prometheus.NewDesc("supportbot_channel_read_age_seconds",
		"Time since the start of the last finished read of a channel. One that was never read is not there.", []string{"channel"}, nil)
	channelsBehind = prometheus.NewDesc("supportbot_channels_behind",
		"Channels in which something may have been said that was not heard and not found yet.", nil, nil)
)

func (r *running) Describe(out chan<- *prometheus.Desc) {
	out <- serviceUp
	out <- channelAge
	out <- channelsBehind
}

func (r *running) Collect(out chan<- prometheus.Metric) {
	m := r.machine.Load()
	if m == nil {
		return
	}
	for name, p := range m.performers {
		out <- prometheus.MustNewConstMetric(serviceUp, prometheus.GaugeValue, number(p.health.up()), name)
	}
	if m.catchUp != nil {
		m.collectChannels(out)
	}
}

func (m *Machine) collectChannels(out chan<- prometheus.Metric) {
	channels, err := m.catchUp.channels()
	if err != nil {
		out <- prometheus.NewInvalidMetric(channelsBehind, err)
		return
	}
	behind := 0
	for _, c := range channels {
		if m.catchUp.behind(c) {
			behind++
		}
		if !c.ReadAt.IsZero() {
			out <- prometheus.MustNewConstMetric(channelAge, prometheus.GaugeValue, m.Now().Sub(c.ReadAt).Seconds(), c.ID)
		}
	}
	out <- prometheus.MustNewConstMetric(channelsBehind, prometheus.GaugeValue, float64(behind))
}
