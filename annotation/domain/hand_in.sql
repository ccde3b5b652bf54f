-- A plain submit and the claim that follows it, in one call: what annotation/domain/handing_in.py says it is.
-- PL/pgSQL and not one statement, so that each step sees what others have committed while it waited for a lock.
-- Locks in the order rater, assignment, and then only an item that nobody else holds: it never waits for an item.
-- A change here needs a migration that runs this file again (tests/annotation/domain/test_handing_in.py sees to it).

-- seats.free_seat_for: the free seat on the side that evens out the item, then on that of which the rater has had less.
-- In PL/pgSQL, which keeps the plan: a function in SQL is planned again at every call.
CREATE OR REPLACE FUNCTION annotation_free_seat(
    of_item bigint, had_left integer, had_right integer, OUT seat bigint, OUT side text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    SELECT s.id, s.side INTO seat, side FROM annotation_seat s
    WHERE s.item_id = of_item
      AND (SELECT a.id FROM annotation_assignment a WHERE a.seat_id = s.id AND a.state IN ('held', 'submitted')) IS NULL
    ORDER BY CASE WHEN s.side = '' THEN 0 ELSE (
            SELECT count(*) FROM annotation_seat t
            JOIN annotation_assignment a ON a.seat_id = t.id AND a.state IN ('held', 'submitted')
            WHERE t.item_id = of_item AND t.side = s.side) END,
        CASE s.side WHEN 'left' THEN had_left WHEN 'right' THEN had_right ELSE 0 END,
        s.number
    LIMIT 1;
END
$$;

-- seeding.lot: a number below 2^28 that the words draw.
CREATE OR REPLACE FUNCTION annotation_lot(VARIADIC words text[]) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN ('x' || substr(md5(array_to_string(words, '|')), 1, 7))::bit(28)::integer;
END
$$;

-- screening.claiming.next_check_item: gold and attention in turn; of the role the next in the ring from the rater's
-- place on, none whose units they have met, as work or in another check (a check that they had is one of them). What
-- the rater had is a look-up for each: as a join it may be planned over all that they had, or over all items.
CREATE OR REPLACE FUNCTION annotation_next_check(of_campaign bigint, of_rater bigint, given integer, seed text)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    place integer := annotation_lot(seed, 'checks', of_rater::text, given::text) % 1000000;
    wanted text;
    candidate bigint;
BEGIN
    FOR turn IN given..given + 1 LOOP
        wanted := CASE (annotation_lot(seed, 'which', of_rater::text) + turn) % 2
            WHEN 0 THEN 'gold' ELSE 'attention' END;
        FOR arc IN 1..2 LOOP
            FOR candidate IN
                SELECT i.id FROM annotation_item i
                WHERE i.campaign_id = of_campaign AND i.role = wanted
                  AND (i.role = 'gold' OR i.role = 'attention') AND i.priority > -1 -- the words of the index
                  AND i.sort_key BETWEEN CASE arc WHEN 1 THEN place ELSE 0 END
                                     AND CASE arc WHEN 1 THEN 2147483647 ELSE place - 1 END
                ORDER BY i.sort_key, i.id
            LOOP
                PERFORM FROM annotation_question q
                WHERE q.item_id = candidate AND coalesce(
                    (SELECT w.id FROM annotation_question w
                     WHERE w.campaign_id = of_campaign AND w.unit_key = q.unit_key AND w.role = 'work'
                       AND (SELECT a.id FROM annotation_assignment a
                            WHERE a.item_id = w.item_id AND a.rater_id = of_rater) IS NOT NULL),
                    (SELECT w.id FROM annotation_question w
                     WHERE w.campaign_id = of_campaign AND w.unit_key = q.unit_key AND NOT w.role = 'work'
                       AND (SELECT a.id FROM annotation_assignment a
                            WHERE a.item_id = w.item_id AND a.rater_id = of_rater) IS NOT NULL LIMIT 1)) IS NOT NULL;
                IF NOT FOUND THEN
                    RETURN candidate;
                END IF;
            END LOOP;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION annotation_hand_in(
    for_user bigint, roles text[], for_token text,
    answered_instrument text, answered_values text[], answered_reasons text[],
    request_key text, page_seconds double precision, page_hidden double precision, page_pastes integer,
    besides text, new_token text, new_public_id text,
    OUT rater bigint, OUT title text, OUT token text, OUT side text, OUT texts text[],
    OUT prompt text, OUT generic text, OUT personalized text, OUT masks json, OUT saved integer, OUT total integer,
    OUT language text
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
-- Without sequential scans: a plan is kept for as long as the connection, and one made while the tables were small would
-- read all that has come since, in the checks of foreign keys too.
#variable_conflict use_column
DECLARE
    mine record;
    me record;
    mine_state text;
    today date;
    ahead integer;
    gap integer;
    jitter integer;
    top integer;
    seats_left integer;
    place integer;
    wanted text;
    candidate bigint;
    next_item bigint;
    next_seat bigint;
    next_side text;
    next_lease integer;
    is_check boolean := false;
    stored integer;
    shown record;
BEGIN
    SELECT a.id, a.item_id, a."order", a.rater_id, c.id AS campaign_id, c.state AS campaign_state, c.title, c.seed,
           c.lease_seconds, c.language, c.max_items, c.max_items_day, c.time_zone, c.cohort_only, c.people_apart,
           c.check_every, p.id AS participant_id
    INTO mine
    FROM annotation_assignment a
    JOIN annotation_campaign c ON c.id = a.campaign_id
    JOIN annotation_rater r ON r.id = a.rater_id
    JOIN annotation_participant p ON p.id = r.participant_id
    JOIN studies_membership m ON m.study_id = c.study_id AND m.user_id = p.user_id
    WHERE a.token = for_token AND p.user_id = for_user AND m.role = ANY (roles)
      AND (a.seat_id IS NOT NULL -- other checks may end the rater's part (screening/submitting.py)
           OR (SELECT i.role = 'gold' OR i.role = 'attention' AND c.attention_limit = 0
               FROM annotation_item i WHERE i.id = a.item_id))
      AND c.instrument = answered_instrument AND jsonb_array_length(a."order") = cardinality(answered_values);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT n_left, n_right, n_given, n_checks, n_submitted + 1 - n_before AS saved, next_check, day, n_day INTO me
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

    -- quotas.note_submitted; written with what the claim changes, in one update of the row that is locked.
    today := (statement_timestamp() AT TIME ZONE mine.time_zone)::date;
    me.n_day := CASE WHEN me.day = today THEN me.n_day + 1 ELSE 1 END;

    <<claim>>
    BEGIN
        -- Where anything but a check that is due or an open seat can come of it, claim_assignment has to look.
        ahead := (SELECT count(*) FROM annotation_assignment a
                  WHERE a.rater_id = mine.rater_id AND a.state = 'held' AND a.token = besides);
        EXIT claim WHEN mine.campaign_state <> 'collecting'
            OR mine.people_apart
            OR (mine.max_items > 0 AND mine.max_items <= me.saved + ahead)
            OR (mine.max_items_day > 0 AND mine.max_items_day <= least(me.n_day, me.saved) + ahead)
            OR (mine.cohort_only AND NOT EXISTS (
                SELECT FROM annotation_cohortmember m
                WHERE m.campaign_id = mine.campaign_id AND m.participant_id = mine.participant_id));
        -- assignment.revivable_of: of what expired only what the rater could have again.
        EXIT claim WHEN EXISTS (
            SELECT FROM annotation_assignment a
            WHERE a.rater_id = mine.rater_id AND a.state IN ('held', 'expired') AND CASE
                WHEN a.state = 'held' THEN a.token <> besides
                WHEN a.seat_id IS NULL THEN (
                    SELECT i.role IN ('gold', 'attention') AND i.priority > -1
                    FROM annotation_item i WHERE i.id = a.item_id)
                ELSE (SELECT t.id FROM annotation_assignment t
                      WHERE t.seat_id = a.seat_id AND t.state IN ('held', 'submitted')) IS NULL
            END);
        EXIT claim WHEN EXISTS (
            SELECT FROM annotation_assignment
            WHERE campaign_id = mine.campaign_id AND state = 'held' AND lease_until < statement_timestamp());
        -- screening.claiming.claim_check
        IF me.next_check <= me.saved + ahead THEN
            next_item := annotation_next_check(mine.campaign_id, mine.rater_id, me.n_checks, mine.seed);
            is_check := next_item IS NOT NULL;
            jitter := greatest(0, least(mine.check_every / 2, mine.check_every - 2));
            gap := mine.check_every - jitter
                + annotation_lot(mine.seed, 'check', mine.rater_id::text, (me.saved + ahead)::text) % (2 * jitter + 1);
            me.next_check := CASE WHEN is_check THEN me.saved + ahead + gap END;
        END IF;
        IF is_check THEN
            SELECT i.lease_seconds, CASE
                WHEN i.pair_id IS NULL THEN ''
                WHEN me.n_left < me.n_right THEN 'left'
                WHEN me.n_left > me.n_right THEN 'right'
                WHEN annotation_lot(mine.seed, 'side', i.id::text, mine.rater_id::text) % 2 = 0 THEN 'left'
                ELSE 'right' END
            INTO next_lease, next_side FROM annotation_item i WHERE i.id = next_item;
            EXIT claim;
        END IF;
        -- choosing.lock_open_item: of the highest priority, by groups of seats left, the fewest first; of each the
        -- nearest from the rater's place in the ring on, in a first pass those on the side that they have had less of.
        SELECT i.priority INTO top FROM annotation_item i
        WHERE i.campaign_id = mine.campaign_id AND i.open_seats > 0 ORDER BY i.priority DESC LIMIT 1;
        place := annotation_lot(mine.seed, 'ring', mine.rater_id::text, me.n_given::text) % 1000000;
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
        EXIT claim WHEN next_item IS NULL;
        SELECT f.seat, f.side INTO next_seat, next_side
        FROM annotation_free_seat(next_item, me.n_left, me.n_right) f;
        IF next_seat IS NULL THEN
            next_item := NULL;
        END IF;
    END claim;

    UPDATE annotation_rater
    SET n_submitted = n_submitted + 1, day = today, n_day = me.n_day, next_check = me.next_check,
        n_given = n_given + (next_seat IS NOT NULL)::integer, n_checks = n_checks + is_check::integer,
        n_left = n_left + (coalesce(next_side, '') = 'left')::integer,
        n_right = n_right + (coalesce(next_side, '') = 'right')::integer
    WHERE id = mine.rater_id;
    IF next_item IS NULL THEN
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
    IF NOT is_check THEN
        UPDATE annotation_item SET open_seats = open_seats - 1 WHERE id = next_item;
    END IF;

    -- What the next page shows.
    token := new_token;
    side := next_side;
    SELECT coalesce(asked.text, of_pair.text) AS prompt, one.text AS generic, other.text AS personalized,
           coalesce(asked.id, of_pair.id) AS prompt_id, one.id AS generic_id, other.id AS personalized_id
    INTO shown
    FROM annotation_item i
    LEFT JOIN pipeline_prompt asked ON asked.id = i.prompt_id
    LEFT JOIN pipeline_responsepair pair ON pair.id = i.pair_id
    LEFT JOIN pipeline_prompt of_pair ON of_pair.id = pair.prompt_id
    LEFT JOIN pipeline_response one ON one.id = pair.generic_id
    LEFT JOIN pipeline_response other ON other.id = pair.personalized_id
    WHERE i.id = next_item;
    prompt := shown.prompt;
    generic := shown.generic;
    personalized := shown.personalized;
    SELECT json_agg(json_build_array(m.of, m.start, m."end", m.kind)) INTO masks FROM (
        SELECT 'prompt' AS of, start, "end", kind FROM pipeline_mask WHERE prompt_id = shown.prompt_id
        UNION ALL
        SELECT 'generic', start, "end", kind FROM pipeline_mask WHERE response_id = shown.generic_id
        UNION ALL
        SELECT 'personalized', start, "end", kind FROM pipeline_mask WHERE response_id = shown.personalized_id
        UNION ALL
        SELECT asked.place::text, found.start, found."end", found.kind -- of questions, by their places in texts from 0
        FROM (SELECT q.attribute_id, q.text, row_number() OVER (ORDER BY
                md5(concat_ws('|', mine.seed, 'page', next_item, mine.rater_id, q.position)) COLLATE "C") - 1 AS place
              FROM annotation_question q WHERE q.item_id = next_item) asked
        JOIN pipeline_mask found ON found.attribute_id = asked.attribute_id AND found.turn = 0
        JOIN pipeline_attribute stated ON stated.id = asked.attribute_id AND stated.text = asked.text
    ) m;
    saved := me.saved;
    SELECT i.position + 1 INTO total FROM annotation_item i
    WHERE i.campaign_id = mine.campaign_id AND i.role = 'work' ORDER BY i.position DESC LIMIT 1;
    total := greatest(CASE WHEN mine.max_items > 0 THEN least(total, mine.max_items) ELSE total END, me.saved + 1);
END
$$;
