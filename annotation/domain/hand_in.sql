-- A plain submit and the claim that follows it, in one call: what annotation/domain/handing_in.py says it is.
-- PL/pgSQL and not one statement, so that each step sees what others have committed while it waited for a lock.
-- Locks in the order rater, assignment, and then only an item that nobody else holds: it never waits for an item.
-- A change here needs a migration that runs this file again (tests/annotation/domain/test_handing_in.py sees to it).

-- seats.free_seat_for: the free seat on the side that evens out the item, then on that of which the rater has had less.
CREATE OR REPLACE FUNCTION annotation_free_seat(
    of_item bigint, had_left integer, had_right integer, OUT seat bigint, OUT side text
) LANGUAGE sql STABLE AS $$
    SELECT s.id, s.side FROM annotation_seat s
    WHERE s.item_id = of_item
      AND (SELECT a.id FROM annotation_assignment a WHERE a.seat_id = s.id AND a.state IN ('held', 'submitted')) IS NULL
    ORDER BY CASE WHEN s.side = '' THEN 0 ELSE (
            SELECT count(*) FROM annotation_seat t
            JOIN annotation_assignment a ON a.seat_id = t.id AND a.state IN ('held', 'submitted')
            WHERE t.item_id = of_item AND t.side = s.side) END,
        CASE s.side WHEN 'left' THEN had_left WHEN 'right' THEN had_right ELSE 0 END,
        s.number
    LIMIT 1
$$;

CREATE OR REPLACE FUNCTION annotation_hand_in(
    for_user bigint, roles text[], for_token text,
    answered_instrument text, answered_values text[], answered_reasons text[],
    request_key text, page_seconds double precision, page_hidden double precision, page_pastes integer,
    besides text, new_token text, new_public_id text,
    OUT rater bigint, OUT title text, OUT token text, OUT side text, OUT texts text[],
    OUT prompt text, OUT generic text, OUT personalized text, OUT saved integer, OUT total integer, OUT language text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    mine record;
    me record;
    mine_state text;
    today date;
    ahead integer;
    top integer;
    seats_left integer;
    place integer;
    wanted text;
    candidate bigint;
    next_item bigint;
    next_seat bigint;
    next_side text;
    next_lease integer;
    stored integer;
BEGIN
    SELECT a.id, a.item_id, a."order", a.rater_id, c.id AS campaign_id, c.state AS campaign_state, c.title, c.seed,
           c.lease_seconds, c.language, c.max_items, c.max_items_day, c.time_zone, c.cohort_only, c.people_apart,
           p.id AS participant_id
    INTO mine
    FROM annotation_assignment a
    JOIN annotation_campaign c ON c.id = a.campaign_id
    JOIN annotation_rater r ON r.id = a.rater_id
    JOIN annotation_participant p ON p.id = r.participant_id
    JOIN studies_membership m ON m.study_id = c.study_id AND m.user_id = p.user_id
    WHERE a.token = for_token AND p.user_id = for_user AND m.role = ANY (roles)
      AND a.seat_id IS NOT NULL -- a check may end the rater's part (screening/submitting.py)
      AND c.instrument = answered_instrument AND jsonb_array_length(a."order") = cardinality(answered_values);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT n_left, n_right, n_given, n_submitted + 1 - n_before AS saved, next_check, day, n_day INTO me
    FROM annotation_rater WHERE id = mine.rater_id AND state = 'active' AND gate = '' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- The submit. By the key alone: with the state among its conditions, the update may be planned over the index of all
    -- that is held, which every submit leaves a dead entry in.
    SELECT a.state INTO mine_state FROM annotation_assignment a WHERE a.id = mine.id FOR UPDATE;
    IF mine_state <> 'held' THEN
        RETURN;
    END IF;
    UPDATE annotation_assignment
    SET state = 'submitted', submitted_at = statement_timestamp(), ended_at = NULL, lease_until = NULL,
        submission_key = request_key, seconds = page_seconds, hidden_seconds = page_hidden, pastes = page_pastes
    WHERE id = mine.id;
    -- quotas.note_submitted
    today := (statement_timestamp() AT TIME ZONE mine.time_zone)::date;
    me.n_day := CASE WHEN me.day = today THEN me.n_day + 1 ELSE 1 END;
    UPDATE annotation_rater SET n_submitted = n_submitted + 1, day = today, n_day = me.n_day WHERE id = mine.rater_id;
    rater := mine.rater_id;
    title := mine.title;
    language := mine.language;
    WITH judged AS (
        INSERT INTO annotation_judgment
            (question_id, rater_id, assignment_id, instrument, value, reason, n_revisions, made_at)
        SELECT q.id, mine.rater_id, mine.id, answered_instrument, given.value, given.reason, 1, statement_timestamp()
        FROM unnest(answered_values, answered_reasons) WITH ORDINALITY AS given (value, reason, number)
        JOIN annotation_question q
            ON q.item_id = mine.item_id AND q.position = (mine."order" ->> (given.number::integer - 1))::integer
        ORDER BY given.number
        RETURNING id, value, reason, made_at
    )
    INSERT INTO annotation_revision (judgment_id, number, value, reason, made_at)
    SELECT id, 1, value, reason, made_at FROM judged;
    GET DIAGNOSTICS stored = ROW_COUNT;
    IF stored <> cardinality(answered_values) THEN
        RAISE EXCEPTION 'assignment %: % of % answers found their question',
            mine.id, stored, cardinality(answered_values);
    END IF;
    DELETE FROM annotation_draft WHERE assignment_id = mine.id;
    DELETE FROM annotation_draftremarks WHERE assignment_id = mine.id;

    -- The claim, where nothing but an open seat can come of it; else claim_assignment has to look.
    ahead := (SELECT count(*) FROM annotation_assignment a
              WHERE a.rater_id = mine.rater_id AND a.state = 'held' AND a.token = besides);
    IF mine.campaign_state <> 'collecting'
        OR mine.people_apart
        OR me.next_check <= me.saved + ahead
        OR (mine.max_items > 0 AND mine.max_items <= me.saved + ahead)
        OR (mine.max_items_day > 0 AND mine.max_items_day <= least(me.n_day, me.saved) + ahead)
        OR (mine.cohort_only AND NOT EXISTS (
            SELECT FROM annotation_cohortmember m
            WHERE m.campaign_id = mine.campaign_id AND m.participant_id = mine.participant_id))
        OR EXISTS (SELECT FROM annotation_assignment
                   WHERE rater_id = mine.rater_id AND state IN ('held', 'expired')
                     AND (state <> 'held' OR token <> besides))
        OR EXISTS (SELECT FROM annotation_assignment
                   WHERE campaign_id = mine.campaign_id AND state = 'held' AND lease_until < statement_timestamp())
    THEN
        RETURN;
    END IF;
    -- choosing.lock_open_item: of the highest priority, by groups of seats left, the fewest first; of each the nearest
    -- from the rater's place in the ring on, in a first pass those on the side that the rater has had less of.
    SELECT i.priority INTO top FROM annotation_item i
    WHERE i.campaign_id = mine.campaign_id AND i.open_seats > 0 ORDER BY i.priority DESC LIMIT 1;
    place := ('x' || substr(md5(concat_ws('|', mine.seed, 'ring', mine.rater_id, me.n_given)), 1, 7))::bit(28)::integer
             % 1000000;
    wanted := CASE WHEN me.n_left = me.n_right THEN '' WHEN me.n_left < me.n_right THEN 'left' ELSE 'right' END;
    seats_left := 0;
    <<groups>>
    LOOP
        SELECT i.open_seats INTO seats_left FROM annotation_item i
        WHERE i.campaign_id = mine.campaign_id AND i.priority = top AND i.open_seats > greatest(seats_left, 0)
        ORDER BY i.open_seats LIMIT 1;
        EXIT WHEN NOT FOUND;
        FOR pass IN (CASE WHEN wanted = '' THEN 2 ELSE 1 END)..2 LOOP
            FOR candidate IN
                (SELECT i.id FROM annotation_item i
                 WHERE i.campaign_id = mine.campaign_id AND i.priority = top AND i.open_seats = seats_left
                   AND i.open_seats > 0 AND i.sort_key >= place ORDER BY i.sort_key LIMIT 20)
                UNION ALL
                (SELECT i.id FROM annotation_item i
                 WHERE i.campaign_id = mine.campaign_id AND i.priority = top AND i.open_seats = seats_left
                   AND i.open_seats > 0 AND i.sort_key < place ORDER BY i.sort_key LIMIT 20)
            LOOP
                CONTINUE WHEN EXISTS (SELECT FROM annotation_assignment a
                                      WHERE a.item_id = candidate AND a.rater_id = mine.rater_id);
                CONTINUE WHEN pass = 1 AND wanted IS DISTINCT FROM
                    (SELECT f.side FROM annotation_free_seat(candidate, me.n_left, me.n_right) f);
                SELECT i.id, i.lease_seconds INTO next_item, next_lease FROM annotation_item i
                WHERE i.id = candidate AND i.open_seats > 0 FOR UPDATE SKIP LOCKED;
                EXIT groups WHEN FOUND;
            END LOOP;
        END LOOP;
    END LOOP;
    SELECT f.seat, f.side INTO next_seat, next_side FROM annotation_free_seat(next_item, me.n_left, me.n_right) f;
    IF next_seat IS NULL THEN
        RETURN;
    END IF;
    WITH page AS (
        SELECT q.position, q.text,
            md5(concat_ws('|', mine.seed, 'page', next_item, mine.rater_id, q.position)) COLLATE "C" AS lot
        FROM annotation_question q WHERE q.item_id = next_item
    ), seated AS (
        INSERT INTO annotation_assignment (campaign_id, item_id, seat_id, rater_id, token, public_id, state, side,
            "order", claimed_at, lease_until, submission_key, returned_because)
        SELECT mine.campaign_id, next_item, next_seat, mine.rater_id, new_token, new_public_id, 'held', next_side,
            (SELECT jsonb_agg(position ORDER BY lot) FROM page), statement_timestamp(),
            statement_timestamp() + make_interval(secs => greatest(mine.lease_seconds, next_lease)), '', ''
    )
    SELECT array_agg(text ORDER BY lot) INTO texts FROM page;
    UPDATE annotation_item SET open_seats = open_seats - 1 WHERE id = next_item;
    UPDATE annotation_rater
    SET n_given = n_given + 1,
        n_left = n_left + (next_side = 'left')::integer, n_right = n_right + (next_side = 'right')::integer
    WHERE id = mine.rater_id;

    -- What the next page shows.
    token := new_token;
    side := next_side;
    SELECT coalesce(asked.text, of_pair.text), one.text, other.text INTO prompt, generic, personalized
    FROM annotation_item i
    LEFT JOIN pipeline_prompt asked ON asked.id = i.prompt_id
    LEFT JOIN pipeline_responsepair pair ON pair.id = i.pair_id
    LEFT JOIN pipeline_prompt of_pair ON of_pair.id = pair.prompt_id
    LEFT JOIN pipeline_response one ON one.id = pair.generic_id
    LEFT JOIN pipeline_response other ON other.id = pair.personalized_id
    WHERE i.id = next_item;
    saved := me.saved;
    SELECT i.position + 1 INTO total FROM annotation_item i
    WHERE i.campaign_id = mine.campaign_id AND i.role = 'work' ORDER BY i.position DESC LIMIT 1;
    total := greatest(CASE WHEN mine.max_items > 0 THEN least(total, mine.max_items) ELSE total END, me.saved + 1);
END
$$;
