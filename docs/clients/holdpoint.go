// Package holdpoint is for steps that block on a human: they ask on Holdpoint's queue, and
// wait for the decision. Copy this file; it needs nothing but the standard library.
package holdpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/url"
	"time"
)

// Queue is Holdpoint's review queue: its address, and a token with the scope `ask`.
type Queue struct{ URL, Token string }

// Decision is what somebody decided; Response fits the schema of the question.
type Decision struct {
	Outcome, Reason, Responder string
	Response                   json.RawMessage
	At                         time.Time
}

const longPoll, longestPause = 60, 30 * time.Second

var client = http.Client{Timeout: (longPoll + 20) * time.Second}

// Ask opens a request and returns what to wait for. The same key opens none, so call it
// again after a crash.
func (q Queue) Ask(ctx context.Context, key string, question any) (string, error) {
	var asked struct{ ID string }
	body, err := json.Marshal(question)
	if err == nil {
		err = q.insist(ctx, "POST", "/requests", url.QueryEscape(key), body, &asked)
	}
	return asked.ID, err
}

// WaitForDecision blocks until somebody has decided, or the context ends.
func (q Queue) WaitForDecision(ctx context.Context, approval string) (*Decision, error) {
	path := fmt.Sprintf("/requests/%s/decision?wait=%d", approval, longPoll)
	for {
		var told struct {
			Status   string
			Decision *Decision
		}
		if err := q.insist(ctx, "GET", path, "", nil, &told); err != nil {
			return nil, err
		}
		if told.Decision != nil {
			return told.Decision, nil
		}
		if told.Status != "open" && told.Status != "decided" {
			return nil, fmt.Errorf("holdpoint: nobody decided, the question is %s", told.Status)
		}
	}
}

// insist reads the reply; while Holdpoint is away it tries again, with longer pauses.
func (q Queue) insist(ctx context.Context, method, path, key string, body []byte, into any) error {
	for pause := time.Second / 2; ; pause *= 2 {
		if isAway, err := q.try(ctx, method, path, key, body, into); !isAway {
			return err
		}
		if pause > longestPause {
			pause = longestPause
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + time.Duration(rand.Int63n(int64(pause)))):
		}
	}
}

func (q Queue) try(ctx context.Context, method, path, key string, body []byte, into any) (isAway bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, q.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+q.Token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	reply, err := client.Do(request)
	if err != nil {
		return true, nil // no connection, or it broke, or took too long
	}
	defer reply.Body.Close()
	isAway = reply.StatusCode == 429 || reply.StatusCode >= 500
	var told struct {
		Error struct{ Code, Message string }
	}
	if reply.StatusCode >= 300 {
		_ = json.NewDecoder(reply.Body).Decode(&told)
		return isAway, fmt.Errorf("holdpoint: %s: %s (%s)", reply.Status, told.Error.Message, told.Error.Code)
	}
	return json.NewDecoder(reply.Body).Decode(into) != nil, nil // again if it broke in the middle
}
