-- Settings of the machine and their changes while it was recorded.
-- needs: samples
SELECT	ts / 1000000000 AS second, name, value FROM setting ORDER BY name, ts;
